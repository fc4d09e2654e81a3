"""The account of a batch: each item once, causes together, and never more in memory than people can read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from crobot_tasks.batches.account import CAUSES, EXAMPLES, OTHERS, SLOWEST, sum_up


def item(number: int, state: str = "COMPLETE", **more: Any) -> SimpleNamespace:
    usual = {"key": f"SAL_AA{number:04}AA", "job_id": 1000 + number, "outcome": "", "message": None, "attempts": 1,
             "cpu_s": 2.0, "wall_s": 1.0}  # fmt: skip
    return SimpleNamespace(number=number, state=state, **usual | more)


def failed(number: int, message: str, kind: str = "tool") -> SimpleNamespace:
    return item(number, "FAILED", outcome=kind, message=message)


def left_out(number: int, reason: str) -> SimpleNamespace:
    return item(number, "skipped", message=reason, job_id=None, attempts=0, cpu_s=0.0, wall_s=0.0)


def test_every_item_is_counted_in_one_state() -> None:
    items = [
        item(1),
        item(2, "cached"),
        failed(3, "no"),
        left_out(4, "no reads"),
        item(5, "CANCELLED"),
        item(6),
    ]
    account = sum_up(items)
    assert account.states == {"COMPLETE": 2, "cached": 1, "FAILED": 1, "skipped": 1, "CANCELLED": 1}
    assert account.states.total() == len(items)


def test_failures_that_differ_only_in_names_and_numbers_are_one_cause() -> None:
    texts = [f"/reads/{number}_1.fq.gz of SAL_AA000{number}AA has 3{number} reads" for number in range(1, 8)]
    lost = [failed(8, "the node was lost", "node_lost"), failed(9, "the node was lost", "tool")]
    found = sum_up([*(failed(number, text) for number, text in enumerate(texts, 1)), *lost]).as_dict()[
        "failed"
    ]
    first, *others = found
    assert first == {
        "kind": "tool",
        "message": "/reads/1_1.fq.gz of SAL_AA0001AA has 31 reads",
        "items": 7,
        "examples": list(range(1001, 1001 + EXAMPLES)),
    }
    assert sorted(one["kind"] for one in others) == ["node_lost", "tool"]


def test_causes_beyond_what_people_read_are_counted_together() -> None:
    letters = [chr(0x4E00 + number) for number in range(CAUSES + 50)]
    found = sum_up(failed(number, text) for number, text in enumerate(letters)).as_dict()["failed"]
    assert len(found) == CAUSES + 1
    assert (found[0]["message"], found[0]["items"]) == (OTHERS, 50)


def test_what_was_left_out_is_named_by_its_key() -> None:
    account = sum_up(left_out(number, f"the strain SAL_{number} has no reads") for number in (1, 2))
    [cause] = account.as_dict()["left_out"]
    assert (cause["items"], cause["examples"]) == (2, ["SAL_AA0001AA", "SAL_AA0002AA"])


def test_the_cost_is_that_of_all_attempts_and_the_slowest_come_first() -> None:
    found = sum_up(item(number, wall_s=float(number), attempts=2) for number in range(1, 21)).as_dict()
    assert (found["attempts"], found["cpu_s"], found["wall_s"]) == (40, 40.0, 210.0)
    assert [one["job"] for one in found["slowest"]] == [1020 - place for place in range(SLOWEST)]


def test_of_two_that_took_as_long_the_first_is_named_first() -> None:
    found = sum_up(item(number) for number in range(1, 10)).as_dict()["slowest"]
    assert [one["job"] for one in found] == [1001 + place for place in range(SLOWEST)]


def test_a_large_account_adds_up() -> None:
    account = sum_up(
        item(number, ("COMPLETE", "FAILED")[number % 2], message="x") for number in range(10_001)
    )
    assert account.states == {"COMPLETE": 5001, "FAILED": 5000}
