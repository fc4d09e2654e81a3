"""The choice of a node: who takes a job, who is preferred, and what a waiting job says."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_tasks.router import JobView, Load, NodeView, Policy, place, refusal

GB = 1024**3
POLICY = Policy(window_s=0.5, window_jobs=64)
SHORT, LONG = 0.1, 600.0


def node(name: str = "calc01", **values: Any) -> NodeView:
    defaults = {"cores": 4, "memory_bytes": 8 * GB, "disk_bytes": 100 * GB, "pipelines": {"QAssembly": "4.0"}}
    return NodeView(name, **defaults | values)


def job(number: int = 1, **values: Any) -> JobView:
    defaults = {"pipeline": "QAssembly", "version": "4.0", "cores": 1, "memory_bytes": GB, "disk_bytes": 0,
                "expected_s": LONG}  # fmt: skip
    return JobView(number, **defaults | values)


def busy(cores: int = 1, memory_bytes: int = GB, expected_s: float = LONG) -> Load:
    return Load(cores, memory_bytes, expected_s)


@pytest.mark.parametrize(
    ("node_has", "job_needs", "why"),
    [
        ({}, {}, ""),
        ({}, {"cores": 4, "memory_bytes": 8 * GB, "disk_bytes": 100 * GB}, ""),
        ({}, {"cores": 5}, "has 4 cores in all, the job needs 5 cores"),
        ({}, {"memory_bytes": 9 * GB}, "has 8.0 GiB memory in all, the job needs 9.0 GiB memory"),
        ({}, {"disk_bytes": 101 * GB}, "has 100.0 GiB disk free, the job needs 101.0 GiB disk"),
        ({}, {"pipeline": "SeroPred"}, "does not know SeroPred"),
        ({"missing": {"SeroPred": "sistr not found"}}, {"pipeline": "SeroPred"}, "sistr not found"),
        ({}, {"version": "4.1"}, "offers QAssembly 4.0, not 4.1"),
        ({"closed": "drained (disk)"}, {}, "drained (disk)"),
        ({"closed": "drained (disk)"}, {"cores": 99}, "drained (disk)"),
        ({"load": [busy(3)]}, {}, ""),
        ({"load": [busy(3)]}, {"cores": 2}, "1 of 4 cores free, the job needs 2"),
        ({"load": [busy(1), busy(3)]}, {}, "0 of 4 cores free, the job needs 1"),
        ({"load": [busy(1, 7 * GB)]}, {"memory_bytes": 2 * GB}, "1.0 GiB memory free, the job needs 2.0 GiB memory"),
        ({"load": [busy(1, 7 * GB)]}, {"memory_bytes": GB}, ""),
    ],
)  # fmt: skip
def test_a_node_takes_what_fits_and_says_what_does_not(
    node_has: dict[str, Any], job_needs: dict[str, Any], why: str
) -> None:
    assert refusal(node(**node_has), job(**job_needs), POLICY) == why


@pytest.mark.parametrize(
    ("running", "queued_s", "job_needs", "taken"),
    [
        (SHORT, 0.0, {"expected_s": SHORT}, True),
        (SHORT, 1.4, {"expected_s": SHORT}, True),
        (SHORT, 1.6, {"expected_s": SHORT}, False),  # together more than half a second for each core
        (LONG, 0.0, {"expected_s": SHORT}, False),
        (SHORT, 0.0, {"expected_s": LONG}, False),
        (SHORT, 0.0, {"expected_s": SHORT, "cores": 2}, False),
        (SHORT, 0.0, {"expected_s": SHORT, "memory_bytes": 3 * GB}, False),  # more than one slot's share
    ],
)
def test_only_short_jobs_of_one_core_queue_on_a_full_node(
    running: float, queued_s: float, job_needs: dict[str, Any], taken: bool
) -> None:
    load = [busy(expected_s=running)] * 4 + ([busy(expected_s=queued_s)] if queued_s else [])
    assert (refusal(node(load=load), job(**job_needs), POLICY) == "") is taken


@pytest.mark.parametrize(
    "odd", [busy(2, GB, SHORT), busy(1, 3 * GB, SHORT)], ids=["two cores", "much memory"]
)
def test_nothing_queues_behind_an_attempt_that_is_more_than_one_slot(odd: Load) -> None:
    load = [odd, *[busy(expected_s=SHORT)] * 3]
    assert refusal(node(load=load), job(expected_s=SHORT), POLICY)


def test_a_queue_has_a_length_however_short_its_jobs_are() -> None:
    load = [busy(memory_bytes=0, expected_s=0.0)] * (4 + 64)
    assert refusal(node(load=load[1:]), job(expected_s=0.0), POLICY) == ""
    assert refusal(node(load=load), job(expected_s=0.0), POLICY)


def test_the_node_with_most_free_cores_then_memory_then_the_first_name_gets_the_job() -> None:
    emptier, roomier = node("a", load=[busy(1)]), node("z")
    assert chosen([emptier, roomier]) == "z"
    assert chosen([node("a"), node("b", memory_bytes=9 * GB)]) == "b"
    assert chosen([node("b"), node("a")]) == "a"


def test_a_job_avoids_the_node_where_it_failed_but_does_not_wait_for_another() -> None:
    failed = job(failed_on=frozenset({"a"}))
    assert chosen([node("a"), node("b", load=[busy(3)])], failed) == "b"
    assert chosen([node("a"), node("b", load=[busy(4)])], failed) == "a"


def test_what_is_placed_takes_room_from_what_follows() -> None:
    placements = place([node("a", cores=2), node("b", cores=1)], [job(n) for n in range(4)], POLICY)
    assert [placement.node for placement in placements] == ["a", "b", "a", None]
    assert placements[3].reason == (
        "waiting for a free place: 0 of 2 cores free, the job needs 1 on a; 0 of 1 cores free, the job needs 1 on b"
    )


def test_a_job_that_does_not_fit_now_holds_up_none_behind_it() -> None:
    placements = place([node(load=[busy(3)])], [job(1, cores=2), job(2)], POLICY)
    assert [placement.node for placement in placements] == [None, "calc01"]


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([], "no calculation node has ever reported; start one with `crobot node --name NAME`"),
        (
            [node("a", pipelines={}), node("b", pipelines={}, missing={"QAssembly": "spades not found"})],
            "no node offers QAssembly: does not know QAssembly on a; spades not found on b",
        ),
        (
            [node("a", pipelines={}), node("b", pipelines={})],
            "no node offers QAssembly: does not know QAssembly on a, b",
        ),
        (
            [node("a", pipelines={}), node("b", load=[busy(4)])],
            "waiting for a free place: 0 of 4 cores free, the job needs 1 on b",
        ),
    ],
)
def test_a_waiting_job_says_why(nodes: list[NodeView], reason: str) -> None:
    (placement,) = place(nodes, [job()], POLICY)
    assert (placement.node, placement.reason) == (None, reason)


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([node()], "4 of 4 cores free"),
        ([node("a"), node("b", load=[busy(4)])], "4 of 4 cores free, the only node that can take it now"),
        ([node(load=[busy(expected_s=SHORT)] * 5)], "5 short jobs ahead of it"),
    ],
)
def test_a_placed_job_says_why_there(nodes: list[NodeView], reason: str) -> None:
    (placement,) = place(nodes, [job(expected_s=SHORT)], POLICY)
    assert placement.reason == reason


def chosen(nodes: list[NodeView], wanted: JobView | None = None) -> str | None:
    (placement,) = place(nodes, [wanted or job()], POLICY)
    return placement.node
