"""What more urgent jobs may cost the job that a node is reserved for, and how that is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crobot_tasks.router import Cluster, Decision, NodeView, Queue, place, verdicts, why_waiting
from crobot_tasks.router.policy import read
from tests.unit.crobot_tasks.router.views import POLICY, busy, decide, job, node

NOW = 1000.0
#: a quarter of it is a minute
LENGTH_S = 240.0
RESERVED = job(1, cores=2, expected_s=LENGTH_S, reserved_on="a")


def small(*busy_for_s: float, name: str = "a") -> NodeView:
    """A node of two cores, some of them busy for so long."""
    loads = [busy(900 + n, expected_s=seconds, since=NOW) for n, seconds in enumerate(busy_for_s)]
    return node(name, cores=2, load=loads)


def ids(decision: Decision) -> list[int]:
    return [one.job_id for one in decision.placements]


@pytest.mark.parametrize(
    ("priority", "expected_s", "delayed_s", "first"),
    [
        (1, 60.0, 0.0, 2),
        (1, 60.5, 0.0, 1),
        (3, 60.0, 0.0, 2),
        # of the same class, and of one below
        (4, 1.0, 0.0, 1),
        (7, 1.0, 0.0, 1),
        (1, 10.0, 50.0, 2),
        (1, 10.5, 50.0, 1),
        (1, 0.5, 60.0, 1),
        (1, 0.5, 70.0, 1),
    ],
)
def test_on_a_free_node_the_urgent_go_first_while_they_cost_less_than_the_share(
    priority: int, expected_s: float, delayed_s: float, first: int
) -> None:
    other = job(2, priority=priority, expected_s=expected_s)
    assert ids(decide([small()], [replace(RESERVED, delayed_s=delayed_s), other], now=NOW)) == [first]


@pytest.mark.parametrize(
    ("priority", "expected_s", "goes"),
    [(5, 100.0, True), (5, 101.0, False), (1, 160.0, True), (1, 161.0, False)],
)
def test_beside_what_still_runs_there_all_fill_the_gap_and_only_the_urgent_go_beyond_it(
    priority: int, expected_s: float, goes: bool
) -> None:
    other = job(2, user_id=2, priority=priority, expected_s=expected_s)
    assert ids(decide([small(100.0)], [RESERVED, other], now=NOW)) == ([2] if goes else [])


@pytest.mark.parametrize(("share", "first"), [(0, 1), (0.04, 1), (0.05, 2), (1, 2)])
def test_the_policy_says_what_share(share: float, first: int) -> None:
    policy = read(f"[reservation]\nurgent_share = {share}")
    assert ids(decide([small()], [RESERVED, job(2, priority=1, expected_s=12.0)], policy, NOW)) == [first]


def test_the_most_urgent_class_is_delayed_by_nobody() -> None:
    most_urgent = replace(RESERVED, priority=3)
    assert ids(decide([small()], [most_urgent, job(2, priority=0, expected_s=1.0)], now=NOW)) == [1]


def test_jobs_side_by_side_cost_what_the_longest_of_them_costs() -> None:
    jobs = [RESERVED, job(2, priority=1, expected_s=30.0), job(3, priority=1, expected_s=40.0)]
    decision = decide([small()], jobs, now=NOW)
    assert (ids(decision), decision.reservations[0].delayed_s) == ([2, 3], 40.0)


def test_what_leaves_the_reserved_cores_or_ends_in_time_costs_nothing() -> None:
    large = node("a", cores=4, load=[busy(cores=2, expected_s=100.0, since=NOW)])
    reserved = job(1, cores=3, expected_s=LENGTH_S, reserved_on="a")
    urgent = [job(2, priority=1, expected_s=9999.0), job(3, priority=1, expected_s=100.0)]
    decision = decide([large], [reserved, *urgent], now=NOW)
    assert (ids(decision), decision.reservations[0].delayed_s) == ([2, 3], 0.0)


def test_a_node_where_it_delays_nobody_is_preferred_whatever_else_speaks_for_the_reserved_one() -> None:
    nodes = [replace(small(), local_data=frozenset({"reads"})), node("b", cores=64)]
    urgent = job(2, priority=1, expected_s=1.0, data=frozenset({"reads"}))
    placed = {one.job_id: one.node for one in decide(nodes, [RESERVED, urgent], now=NOW).placements}
    assert placed == {2: "b", 1: "a"}


def test_so_many_urgent_jobs_that_a_dispatch_is_full_do_not_keep_a_reserved_job_from_its_node() -> None:
    jobs = [replace(RESERVED, delayed_s=60.0), *(job(n, priority=1) for n in range(2, 9))]
    decision = place(Cluster([small(), node("b", cores=64)]), Queue(jobs, {}, POLICY), POLICY, NOW, limit=3)
    assert ids(decision) == [2, 3, 4, 1]


def test_what_was_spent_is_spent_in_the_next_dispatch_too_though_that_knows_only_what_was_noted() -> None:
    reserved, now, begun = RESERVED, NOW, []
    while True:
        urgent = job(len(begun) + 2, priority=1, expected_s=25.0)
        decision = place(Cluster([small()]), Queue([reserved, urgent], {}, POLICY), POLICY, now)
        begun += ids(decision)
        if not decision.reservations:
            break
        reserved, now = replace(reserved, delayed_s=decision.reservations[0].delayed_s), now + 25.0
    assert (begun, reserved.delayed_s) == ([2, 3, 1], 50.0)


@pytest.mark.parametrize(
    ("delayed_s", "words"),
    [
        (0.0, "may delay it by up to 60 s"),
        (45.0, "may delay it by up to 15 s"),
        (60.0, "may delay it no further"),
    ],
)
def test_both_sides_are_told_how_much_the_urgent_may_delay(delayed_s: float, words: str) -> None:
    reserved, urgent = replace(RESERVED, delayed_s=delayed_s), job(2, priority=1, expected_s=999.0)
    cluster = Cluster([small(100.0)])
    place(cluster, Queue([reserved], {}, POLICY), POLICY, NOW)
    kept = f"kept free for job 1, which waits for 2 cores, and more urgent jobs {words}"
    assert verdicts(cluster, urgent, POLICY, NOW) == {"a": kept}
    assert why_waiting(cluster, reserved, POLICY, NOW) == (
        "waiting for a free place: 1 of 2 cores free, the job needs 2 on a;"
        f" a is kept free for it, and more urgent jobs {words}"
    )


def test_nobody_is_more_urgent_than_the_first_class_and_nothing_is_said_of_them() -> None:
    cluster, reserved = Cluster([small(100.0)]), replace(RESERVED, priority=0)
    place(cluster, Queue([reserved], {}, POLICY), POLICY, NOW)
    assert why_waiting(cluster, reserved, POLICY, NOW).endswith("; a is kept free for it")
