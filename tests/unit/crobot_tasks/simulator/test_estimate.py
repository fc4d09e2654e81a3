"""When a waiting job is likely to begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crobot_tasks.router import Cluster, JobView, Load, NodeView, Policy, Queue
from crobot_tasks.simulator.estimate import estimate_start
from tests.unit.crobot_tasks.simulator.cases import GIB, node, template

POLICY = Policy()
NOW = 1_000_000.0


def waiting(number: int, cores: int = 4, expected_s: float = 100.0, priority: int = 5) -> JobView:
    return JobView(
        number, template(cores=cores, expected_s=expected_s).kind, priority, waiting_since=NOW - 10
    )


def busy(expected_s: float, since: float = NOW) -> dict[int, Load]:
    return {7: Load(7, 4, GIB, 0, expected_s, since)}


def estimate(
    nodes: Sequence[NodeView], jobs: Sequence[JobView], job_id: int, events: int = 1000
) -> float | None:
    queue = Queue(jobs, {}, POLICY)
    found = estimate_start(Cluster(nodes, POLICY), queue, job_id, POLICY, NOW, events)
    # what was given is as it was, and gives the same answer
    assert len(queue) == len(jobs)
    assert found == estimate_start(Cluster(nodes, POLICY), queue, job_id, POLICY, NOW, events)
    return found


def test_a_job_that_fits_begins_now() -> None:
    assert estimate([node("a")], [waiting(1)], 1) == NOW


def test_it_begins_when_what_is_before_it_will_have_ended() -> None:
    nodes = [replace(node("a"), load=busy(expected_s=50, since=NOW - 20))]
    # 30 s are left of what runs, then comes the more urgent job
    jobs = [waiting(1), waiting(2, expected_s=200, priority=1)]
    assert estimate(nodes, jobs, 1) == NOW + 30 + 200
    assert list(nodes[0].load) == [7]


def test_what_runs_longer_than_expected_is_given_a_tenth_of_its_age() -> None:
    nodes = [replace(node("a"), load=busy(expected_s=50, since=NOW - 200))]
    assert estimate(nodes, [waiting(1)], 1) == NOW + 20


def test_nobody_can_say_when_a_job_begins_that_fits_nowhere_or_is_not_there() -> None:
    assert estimate([node("a")], [waiting(1, cores=9)], 1) is None
    assert estimate([node("a")], [waiting(1)], 2) is None


def test_the_search_ends_after_so_many_starts() -> None:
    jobs = [waiting(number) for number in range(1, 31)]
    assert estimate([node("a")], jobs, 30) == NOW + 2900
    assert estimate([node("a")], jobs, 30, events=10) is None
