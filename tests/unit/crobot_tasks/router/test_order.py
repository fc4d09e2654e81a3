"""Whose turn it is: classes, shares of workgroups and users, priority and age."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from crobot_tasks.router import Cluster, JobView, Policy, Queue, charged, place
from crobot_tasks.router.policy import read
from tests.unit.crobot_tasks.router.views import GB, LONG, POLICY, busy, job, node, placed


def sequence(
    jobs: Iterable[JobView], policy: Policy = POLICY, rounds: int = 10**6, **more: float
) -> list[JobView]:
    """The jobs as one core takes them, each after the one before it has ended."""
    by_id = {one.id: one for one in jobs}
    cluster, queue = Cluster([node("a", cores=1)]), Queue(by_id.values(), {}, policy)
    found, now = [], 0.0
    while len(queue) and len(found) < rounds:
        (placement,) = place(cluster, queue, policy, now).placements
        found.append(by_id[placement.job_id])
        now += more.get("every_s", LONG)
        cluster.end("a", placement.job_id)
    return found


def ids(jobs: Iterable[JobView]) -> list[int]:
    return [one.id for one in jobs]


def test_one_users_ten_thousand_jobs_delay_anothers_single_job_by_one_job() -> None:
    jobs = [job(n, user_id=1) for n in range(10_000)]
    cluster, queue = Cluster([node("a", cores=1)]), Queue(jobs, {}, POLICY)
    (first,) = place(cluster, queue, POLICY, 0.0).placements
    queue.add(job(10_001, user_id=2))
    cluster.end("a", first.job_id)
    assert [one.job_id for one in place(cluster, queue, POLICY, LONG).placements] == [10_001]


def test_weights_of_three_to_one_give_three_jobs_to_one() -> None:
    policy = read("[shares.users]\n1 = 3\n[shares.workgroups]\nheavy = 3")
    users = [job(n, user_id=1 + n % 2) for n in range(400)]
    assert Counter(one.user_id for one in sequence(users, policy, 200)) == {1: 150, 2: 50}
    groups = [job(n, workgroup="heavy" if n % 2 else "light") for n in range(400)]
    assert Counter(one.workgroup for one in sequence(groups, policy, 200)) == {"heavy": 150, "light": 50}


def test_workgroups_share_before_their_users_do() -> None:
    many = [job(n, workgroup="a", user_id=n % 10) for n in range(100)]
    single = [job(100 + n, workgroup="b", user_id=99) for n in range(100)]
    assert Counter(one.workgroup for one in sequence(many + single, rounds=40)) == {"a": 20, "b": 20}


def test_a_class_comes_before_all_shares_and_shares_before_priority() -> None:
    heavy, light = {"workgroup": "w", "user_id": 1}, {"workgroup": "w", "user_id": 2}
    jobs = [job(1, priority=9, **light), job(2, priority=3, **heavy), job(3, priority=0, **heavy)]
    assert ids(sequence(jobs)) == [3, 2, 1]
    normal = [job(4, priority=4, **heavy), job(5, priority=6, **light)]
    used = {("w", 1): 1000.0, ("w", 2): 0.0}
    cluster, queue = Cluster([node(cores=1)]), Queue(normal, used, POLICY)
    assert [one.job_id for one in place(cluster, queue, POLICY, 0.0).placements] == [5]


def test_a_users_own_jobs_go_by_priority_and_then_by_age_whatever_their_pipeline() -> None:
    jobs = [
        job(5),
        job(3, priority=6),
        job(4, memory_bytes=2 * GB),
        job(9, priority=4),
        job(1, cores=1, expected_s=5),
    ]
    assert ids(sequence(jobs)) == [9, 1, 4, 5, 3]


def test_what_was_used_is_forgotten_with_the_half_life() -> None:
    policy = read("[shares]\nhalf_life_h = 1\ncharge_gib = 0")
    cluster = Cluster([node("a", cores=1)])
    queue = Queue([job(n, user_id=1) for n in range(4)], {}, policy)
    for n in range(4):
        place(cluster, queue, policy, 0.0)
        cluster.end("a", n)
    # four jobs of user 1 at 0 h weigh as much at 3 h as half a job of user 2 then
    for n in (10, 11):
        queue.add(job(n, user_id=2))
    queue.add(job(20, user_id=1))
    order = []
    for _ in range(3):
        (one,) = place(cluster, queue, policy, 3 * 3600.0).placements
        order.append(one.job_id)
        cluster.end("a", one.job_id)
    assert order == [10, 20, 11]


def test_the_order_outlives_a_thousand_half_lives() -> None:
    policy = read("[shares]\nhalf_life_h = 0.1")
    jobs = [job(n, user_id=n % 2) for n in range(100)]
    found = sequence(jobs, policy, every_s=3600.0)
    assert Counter(one.user_id for one in found[:50]) == {0: 25, 1: 25}


def test_live_attempts_are_charged_in_full() -> None:
    live = node("a", load=[busy(7, workgroup="w", user_id=1, memory_bytes=4 * GB)])
    assert charged({("w", 1): 5.0}, [live], POLICY) == {("w", 1): 5.0 + 2 * LONG}


def test_a_job_that_does_not_fit_now_holds_up_none_behind_it() -> None:
    assert placed([node(load=[busy(cores=3)])], [job(1, cores=2), job(2)]) == {2: "calc01"}


def test_a_limit_leaves_the_rest_in_the_queue() -> None:
    queue = Queue([job(n) for n in range(4)], {}, POLICY)
    decision = place(Cluster([node()]), queue, POLICY, 0.0, limit=3)
    assert ([one.job_id for one in decision.placements], len(queue)) == ([0, 1, 2], 1)


def test_jobs_leave_the_queue_and_come_back_to_their_place() -> None:
    jobs = [job(n) for n in range(5)]
    queue = Queue(jobs, {}, POLICY)
    for one in (jobs[0], jobs[2], jobs[4]):
        queue.remove(one)
    queue.add(jobs[2])
    assert (sorted(ids(queue)), len(queue)) == ([1, 2, 3], 3)
    decision = place(Cluster([node(cores=8)]), queue, POLICY, 0.0)
    assert [one.job_id for one in decision.placements] == [1, 2, 3]
    assert not len(queue)


@pytest.mark.parametrize(("priority", "name"), [(0, 0), (3, 0), (4, 1), (6, 1), (7, 2), (9, 2), (99, 2)])
def test_each_priority_has_its_class(priority: int, name: int) -> None:
    assert POLICY.class_of(priority) == name


def test_ranks_sort_owners_as_the_queue_does() -> None:
    rank = POLICY.ranks({("a", 1): 10.0, ("a", 2): 5.0, ("b", 3): 12.0})
    owners = sorted([(5, "a", 1), (5, "a", 2), (5, "b", 3), (9, "c", 4)], key=lambda owner: rank(*owner))
    assert owners == [(5, "b", 3), (5, "a", 2), (5, "a", 1), (9, "c", 4)]
