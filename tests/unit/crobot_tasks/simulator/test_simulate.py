"""Small runs whose outcome is computed by hand, and what must hold in every run."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from crobot_errors import BadSimulation
from crobot_tasks.router import Load, NodeView, Policy
from crobot_tasks.simulator.report import report
from crobot_tasks.simulator.simulate import RULES, Run, simulate
from crobot_tasks.simulator.streams import Arrivals, Lognormal, Stream, draw
from crobot_tasks.simulator.workload import Workload
from tests.unit.crobot_tasks.simulator.cases import GIB, node, template, workload

POLICY = Policy()


def ends(run: Run) -> list[float]:
    return sorted(run.end.tolist())


def test_three_jobs_on_two_nodes_take_as_long_as_the_two_that_share_one() -> None:
    # each job takes a whole node: 100 and 60 s run at once, the third begins when the 60 s are over
    jobs = workload([template(cores=4)], (0, 0, 100), (0, 0, 60), (0, 0, 30))
    run = simulate(jobs, [node("a"), node("b")], POLICY)
    assert ends(run) == [60, 90, 100]
    found = report(run)
    assert (found.makespan_s, found.bound_s) == (100, 100)
    assert found.bound_by == "the job that would end last if all began when they came"
    assert found.ratio == 1.0
    # (100 + 60 + 30) s of 4 cores, of 100 s of 8
    assert found.cores_used == pytest.approx(0.95)


@pytest.mark.parametrize(
    ("rule", "makespan"),
    [
        ("crobot", 200),
        # the third waits behind the long one, though the other node is free after 10 s
        ("round-robin", 300),
        ("fifo", 110),
    ],
)
def test_rules_differ_as_computed_by_hand(rule: str, makespan: float) -> None:
    templates = [template(cores=4, priority=5), template(cores=4, priority=1)]
    jobs = workload(templates, (0, 0, 200), (0, 0, 10), (1, 0, 100))
    if rule == "fifo":
        jobs = workload(templates, (0, 0, 100), (0, 0, 10), (0, 0, 100))
    assert report(simulate(jobs, [node("a"), node("b")], POLICY, rule)).makespan_s == makespan


def test_the_urgent_goes_before_those_that_waited_longer() -> None:
    templates = [template("batch", cores=4, priority=9), template("user", cores=4, priority=1)]
    jobs = workload(templates, (0, 0, 100), (0, 1, 100), (1, 2, 100))
    run = simulate(jobs, [node("a")], POLICY)
    assert run.start.tolist() == [0, 200, 100]
    classes = {one.name: one for one in report(run).classes}
    assert (classes["interactive"].max_s, classes["batch"].max_s) == (98, 199)


def test_one_shared_queue_is_strict_even_if_a_later_job_would_fit() -> None:
    jobs = workload(
        [template(cores=3), template(cores=4), template(cores=1)], (0, 0, 100), (1, 0, 10), (2, 0, 10)
    )
    assert simulate(jobs, [node("a")], POLICY, "fifo").start.tolist() == [0, 100, 110]
    assert simulate(jobs, [node("a")], POLICY).start.tolist() == [0, 100, 0]


def test_memory_can_be_what_is_short() -> None:
    jobs = workload([template(memory_gib=48)], (0, 0, 100), (0, 0, 100))
    found = report(simulate(jobs, [node("a", memory_gib=64)], POLICY))
    assert (found.makespan_s, found.bound_s, found.bound_by) == (200, 150, "memory")


def test_work_that_comes_late_bounds_the_time() -> None:
    # 4 jobs of 4 cores and 100 s that come after 1000 s, on 8 cores
    jobs = workload([template(cores=4)], *[(0, 1000, 100)] * 4)
    found = report(simulate(jobs, [node("a"), node("b")], POLICY))
    assert (found.makespan_s, found.bound_s, found.bound_by) == (1200, 1200, "cores")


def test_what_a_node_has_in_hand_ends_first() -> None:
    load = Load(-7, 4, GIB, 0, expected_s=50.0, since=-20.0)
    busy = replace(node("a"), load={-7: load})
    jobs = workload([template(cores=4)], (0, 0, 100))
    for rule in RULES:
        assert simulate(jobs, [busy], POLICY, rule).start.tolist() == [30]
    assert list(busy.load) == [-7]


def test_a_line_that_no_node_can_run_is_refused_before_anything_runs() -> None:
    jobs = workload([template("giants", cores=5)], (0, 0, 100))
    with pytest.raises(BadSimulation, match=r"giants \(p\) can run on none of the nodes: has 4 cores in all"):
        simulate(jobs, [node("a"), node("b")], POLICY)


def test_endless_lines_end_when_the_others_have_begun() -> None:
    streams = [
        Stream(template("batch", cores=4, priority=9), Lognormal(100, 100), Arrivals(), jobs=10),
        Stream(
            replace(template("users", priority=1), endless=True), Lognormal(5, 5), Arrivals(apart_s=50), None
        ),
    ]
    run = simulate(draw(streams, 4, seed=1), [node("a")], POLICY)
    found = {one.name: one for one in report(run).streams}
    assert found["batch"].jobs == 10
    # one each 50 s, until the last of the batch began
    assert found["users"].jobs == pytest.approx(found["batch"].last_end_s / 50, abs=3)
    assert report(run).makespan_s == found["batch"].last_end_s


def test_endless_lines_do_not_make_the_bound_later_than_their_work() -> None:
    streams = [
        Stream(template("batch", cores=3, priority=9), Lognormal(100, 100), Arrivals(), jobs=10),
        Stream(
            replace(template("users", priority=1), endless=True), Lognormal(5, 5), Arrivals(apart_s=50), None
        ),
    ]
    found = report(simulate(draw(streams, 4, seed=1), [node("a")], POLICY))
    # 10 x 100 s of 3 cores, and about 20 x 5 s of one: the fourth core is idle most of the time
    assert found.makespan_s == 1000
    assert found.bound_s == pytest.approx(750 + 25, abs=3)


def test_endless_lines_that_alone_fill_the_cluster_are_refused() -> None:
    streams = [
        Stream(template("batch"), Lognormal(100, 100), Arrivals(), jobs=10),
        Stream(
            replace(template("users", cores=4), endless=True), Lognormal(60, 60), Arrivals(apart_s=50), None
        ),
    ]
    with pytest.raises(BadSimulation, match=r"\(users\) keep 5 of 4 cores busy"):
        draw(streams, 4, seed=1)


# --- what must hold in every run --------------------------------------------------------------------------------------


def any_cluster(seed: int) -> list[NodeView]:
    chance = random.Random(seed)
    return [node(f"n{number}", chance.choice((4, 8, 16)), chance.choice((16, 32, 64))) for number in range(5)]


def any_jobs(seed: int) -> Workload:
    chance = random.Random(seed)
    templates = [
        template(f"template {number}", chance.choice((1, 1, 2, 4)), chance.choice((1, 4, 16)),
             chance.choice((0.2, 5.0, 100.0)), chance.randrange(10), chance.choice("ab"))
        for number in range(6)
    ]  # fmt: skip
    jobs = []
    for _ in range(400):
        number = chance.randrange(6)
        typical = templates[number].kind.expected_s
        jobs.append((number, chance.uniform(0, 600), chance.lognormvariate(0, 1) * typical))
    return workload(templates, *jobs)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_job_runs_once_and_no_node_has_more_than_it_can(rule: str, seed: int) -> None:
    nodes, jobs = any_cluster(seed), any_jobs(seed)
    run = simulate(jobs, nodes, POLICY, rule)
    assert run.begun.all()
    assert (run.wait >= 0).all()
    assert run.decisions == len(jobs)
    for number, one in enumerate(nodes):
        here = run.node == number
        for what, most in ((0, one.cores), (1, one.memory_bytes)):
            needs = jobs.per_template([needs[what] for needs in jobs.needs_of_templates])[here]
            assert most_at_once(run.start[here], run.end[here], needs) <= most


def most_at_once(start: np.ndarray, end: np.ndarray, needs: np.ndarray) -> float:
    # at the same moment, what ends gives back first
    changes = sorted([(at, -need) for at, need in zip(end, needs, strict=True)]
                     + [(at, need) for at, need in zip(start, needs, strict=True)])  # fmt: skip
    return max(np.cumsum([change for _, change in changes]), default=0)


@pytest.mark.parametrize("rule", RULES)
def test_work_is_conserved_and_the_bound_holds(rule: str) -> None:
    nodes, jobs = any_cluster(4), any_jobs(4)
    found = report(simulate(jobs, nodes, POLICY, rule))
    cores = sum(one.cores for one in nodes)
    assert found.cores_used * cores * found.makespan_s == pytest.approx(jobs.core_seconds.sum())
    assert found.makespan_s >= found.bound_s > 0


@pytest.mark.parametrize("rule", RULES)
def test_the_same_seed_gives_the_same_run(rule: str) -> None:
    streams = [
        Stream(template("a", 2), Lognormal(50, 120), Arrivals(apart_s=5, irregular=True), 200, users=3),
        Stream(template("b", 4), Lognormal(20, 90), Arrivals(), 50),
    ]
    first, second, other = (
        simulate(draw(streams, 44, seed), any_cluster(1), POLICY, rule) for seed in (1, 1, 2)
    )
    assert first.start.tolist() == second.start.tolist()
    assert first.node.tolist() == second.node.tolist()
    assert first.start.tolist() != other.start.tolist()


def test_durations_are_as_described() -> None:
    took = Lognormal(100, 300, longest_s=2000).draw(np.random.default_rng(1), 100_000)
    assert np.quantile(took, 0.5) == pytest.approx(100, rel=0.02)
    assert np.quantile(took, 0.9) == pytest.approx(300, rel=0.02)
    assert took.max() <= 2000
