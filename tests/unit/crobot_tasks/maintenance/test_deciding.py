"""What is sent again: a truth table of what is there, how it failed, and what the policy says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crobot_errors import OutcomeKind
from crobot_tasks.maintenance.deciding import QA, UNUSED, Candidate, Failure, decide
from crobot_tasks.router.maintenance import UpdateRule

NOW = datetime(2026, 11, 26, 3, tzinfo=UTC)
RULE = UpdateRule(tries=3, delay_h=12, longest_delay_h=20)


def failed(kind: str, times: int = 1, hours_ago: float = 100, version: str = "4.1") -> Failure:
    return Failure(kind, version, times, NOW - timedelta(hours=hours_ago))


@pytest.mark.parametrize(
    ("lacks", "failure", "send", "why"),
    [
        ("no assembly", None, True, "no assembly"),
        ("outdated (3.1, current 4.1)", None, True, "outdated (3.1, current 4.1)"),
        ("no assembly", failed("tool"), False, "failed: tool: the same version is not tried again"),
        ("no assembly", failed(QA), False, "failed QA: the same version is not tried again"),
        ("no assembly", failed(UNUSED), False, "its assembly is not in use: the same version is not tried again"),
        ("no assembly", failed("poison"), False, "failed: poison: the same version is not tried again"),
        ("no assembly", failed("tool", version="3.1"), True, "failed: tool with 3.1, current 4.1"),
        ("no assembly", failed(QA, version="3.1"), True, "failed QA with 3.1, current 4.1"),
        ("no result", failed("node_lost", 1), True, "failed: node_lost, try 2 of 3"),
        ("no result", failed("node_lost", 1, 11.9), False, "failed: node_lost, try 2 of 3 comes later"),
        ("no result", failed("node_lost", 1, 12), True, "failed: node_lost, try 2 of 3"),
        # the second distance would be 24 hours, and is cut to 20
        ("no result", failed("disk_full", 2, 19.9), False, "failed: disk_full, try 3 of 3 comes later"),
        ("no result", failed("disk_full", 2, 20), True, "failed: disk_full, try 3 of 3"),
        ("no result", failed("disk_full", 3), False, "failed: disk_full, all of 3 tries"),
        # a curator has set the count to 0
        ("no result", failed("disk_full", 0, 0), True, "failed: disk_full, try 1 of 3"),
        # the row of the job is gone
        ("no result", failed("", 1), True, "failed, try 2 of 3"),
        ("no result", failed("", 3), False, "failed, all of 3 tries"),
    ],
)  # fmt: skip
def test_what_is_missing_and_how_it_failed_decide(
    lacks: str, failure: Failure | None, send: bool, why: str
) -> None:
    decision = decide(Candidate("SAL_1", lacks, "", failure), RULE, "4.1", NOW)
    assert (decision.send, decision.why) == (send, why)


def test_what_somebody_has_in_hand_is_left_alone() -> None:
    decision = decide(Candidate("SAL_1", "no assembly", "its job is not over"), RULE, "4.1", NOW)
    assert (decision.send, decision.why) == (False, "its job is not over")


def test_the_policy_says_which_kinds_are_tried_again() -> None:
    rule = UpdateRule(try_again=frozenset({OutcomeKind.INTERNAL}))
    assert decide(Candidate("SAL_1", "no result", "", failed("internal")), rule, "4.1", NOW).send
    assert not decide(Candidate("SAL_1", "no result", "", failed("node_lost")), rule, "4.1", NOW).send
