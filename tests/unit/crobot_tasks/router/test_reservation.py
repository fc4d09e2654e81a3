"""A large job that others overtake: it gets a node kept free, and they only fill the gap."""

from __future__ import annotations

from heapq import heappop, heappush

from crobot_tasks.router import Cluster, Queue, Reservation, place, verdicts
from crobot_tasks.router.policy import read
from tests.unit.crobot_tasks.router.views import GB, POLICY, busy, decide, job, node

LARGE = {"cores": 8, "memory_bytes": 8 * GB}
EIGHT = {"cores": 8, "memory_bytes": 64 * GB}
AFTER_S = POLICY.reservation.after_s


def test_a_large_job_starts_within_a_bound_against_a_stream_of_small_ones() -> None:
    cluster, queue = Cluster([node("a", **EIGHT), node("b", **EIGHT)]), Queue([], {}, POLICY)
    ends: list[tuple[float, str, int]] = []
    queue.add(job(0, user_id=1, **LARGE))
    number, now, small_s = 1, 0.0, 100.0
    # the nodes are busy before the large job comes, and never free at once
    for n in range(16):
        heappush(ends, (small_s * n / 16 + 1, "ab"[n % 2], -1 - n))
        cluster.start("ab"[n % 2], busy(-1 - n, expected_s=small_s, since=small_s * n / 16 + 1 - small_s))
    started: dict[int, float] = {}
    while 0 not in started and now < 10_000:
        now, name, ended = heappop(ends)
        cluster.end(name, ended)
        for _ in range(2):
            queue.add(job(number, user_id=2, expected_s=small_s, waiting_since=now))
            number += 1
        for one in place(cluster, queue, POLICY, now).placements:
            started[one.job_id] = now
            heappush(ends, (now + small_s, one.node, one.job_id))
    assert AFTER_S < started[0] <= AFTER_S + 2 * small_s
    assert started[0] <= AFTER_S + small_s + small_s / 16 + 1


def filled(small_s: float, waited_s: float = AFTER_S, **small: int) -> dict[int, str]:
    """One core of eight is free; the rest ends in 100 s."""
    now = 1000.0
    kept = node("a", load=[busy(cores=7, expected_s=100.0, since=now)], **EIGHT)
    jobs = [
        job(1, user_id=1, waiting_since=now - waited_s, **LARGE),
        job(2, user_id=2, expected_s=small_s, **small),
    ]
    return {one.job_id: one.node for one in decide([kept], jobs, now=now).placements}


def test_small_jobs_fill_the_gap_only_where_they_end_in_time() -> None:
    assert filled(99.0) == {2: "a"}
    assert filled(100.0) == {2: "a"}
    assert filled(101.0) == {}


def test_nothing_is_kept_for_a_job_that_has_not_waited_long() -> None:
    assert filled(101.0, waited_s=AFTER_S - 1) == {2: "a"}


def test_small_jobs_may_have_what_the_large_one_leaves_over() -> None:
    now = 1000.0
    kept = node("a", cores=12, memory_bytes=64 * GB, load=[busy(cores=6, expected_s=100.0, since=now)])
    jobs = [job(0, cores=8, user_id=1), *(job(n, user_id=2) for n in range(1, 9))]
    decision = decide([kept], jobs, now=now)
    assert [one.job_id for one in decision.placements] == [1, 2, 3, 4]
    assert decision.reservations == [Reservation(0, "a", now + 100.0)]


def test_the_node_where_it_can_start_first_is_kept() -> None:
    now = 1000.0
    nodes = [
        node(name, load=[busy(n, cores=7, expected_s=ends_s, since=now)], **EIGHT)
        for n, (name, ends_s) in enumerate([("a", 500.0), ("b", 200.0), ("c", 900.0)])
    ]
    decision = decide(nodes, [job(0, user_id=1, **LARGE), job(1, user_id=2, expected_s=9999.0)], now=now)
    assert decision.reservations == [Reservation(0, "b", now + 200.0)]
    assert [one.node for one in decision.placements] == ["a"]


def test_an_attempt_that_overran_is_given_a_tenth_of_its_age_again() -> None:
    kept = node("a", load=[busy(cores=7, expected_s=10.0, since=0.0)], **EIGHT)
    decision = decide([kept], [job(0, user_id=1, **LARGE), job(1, user_id=2)], now=1000.0)
    assert decision.reservations == [Reservation(0, "a", 1100.0)]


def test_a_reservation_is_kept_although_another_node_would_now_be_earlier() -> None:
    now = 1000.0
    nodes = [
        node("a", load=[busy(1, cores=7, expected_s=500.0, since=now)], **EIGHT),
        node("b", load=[busy(2, cores=7, expected_s=200.0, since=now)], **EIGHT),
    ]
    large = job(0, user_id=1, reserved_on="a", **LARGE)
    decision = decide(nodes, [large, job(1, user_id=2)], now=now)
    assert decision.reservations == [Reservation(0, "a", now + 500.0)]
    nodes[0].closed = "drained"
    assert decide(nodes, [large, job(1, user_id=2)], now=now).reservations[0].node == "b"


def test_a_job_that_no_node_could_ever_run_gets_no_reservation() -> None:
    kept = node("a", load=[busy(cores=7)], **EIGHT)
    decision = decide([kept], [job(0, user_id=1, cores=9), job(1, user_id=2)], now=1000.0)
    assert (decision.reservations, [one.job_id for one in decision.placements]) == ([], [1])


def test_no_more_nodes_are_kept_than_the_policy_says() -> None:
    nodes = [node(f"n{n}", load=[busy(n, cores=7)], **EIGHT) for n in range(5)]
    jobs = [*(job(n, user_id=1, **LARGE) for n in range(5)), job(9, user_id=2)]
    policy = read("[reservation]\nmost = 2")
    assert len(decide(nodes, jobs, policy, now=1000.0).reservations) == 2
    assert not decide(nodes, jobs, read("[reservation]\nmost = 0"), now=1000.0).reservations


def test_a_reservation_ends_with_its_job() -> None:
    large, small = job(0, user_id=1, **LARGE), job(1, user_id=2, expected_s=601.0)
    cluster = Cluster([node("a", load=[busy(cores=7, since=1000.0)], **EIGHT)])
    queue = Queue([large, small], {}, POLICY)
    assert not place(cluster, queue, POLICY, 1000.0).placements
    assert verdicts(cluster, small, POLICY, 1000.0) == {
        "a": "kept free for job 0, which waits for 8 cores, and more urgent jobs may delay it by up to 150 s"
    }
    queue.remove(large)
    decision = place(cluster, queue, POLICY, 1000.0)
    assert ([one.job_id for one in decision.placements], decision.reservations) == ([1], [])


def test_the_kept_node_goes_to_its_job_and_to_no_other_of_its_kind() -> None:
    first, second = job(0, user_id=1, **LARGE), job(1, user_id=2, waiting_since=1000.0, **LARGE)
    cluster = Cluster([node("a", load=[busy(cores=7, since=1000.0)], **EIGHT)])
    queue = Queue([first, job(2, user_id=3, expected_s=601.0)], {}, POLICY)
    place(cluster, queue, POLICY, 1000.0)
    queue.add(second)
    cluster.end("a", 900)
    decision = place(cluster, queue, POLICY, 1600.0)
    assert [(one.job_id, one.reason) for one in decision.placements] == [
        (0, "8 of 8 cores free, was kept free for it")
    ]
