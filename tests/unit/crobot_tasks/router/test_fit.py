"""Who may run where: what a node takes, what it says otherwise, and which of several is chosen."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_tasks.router import Cluster, verdicts, why_waiting
from crobot_tasks.router.policy import Policy, read
from tests.unit.crobot_tasks.router.views import GB, POLICY, SHORT, busy, decide, job, loads, node, placed

TAGS = read("""
[tags]
reserved = ["bigmem"]
[pipelines.QAssembly]
requires = ["linux"]
prefers = ["ssd"]
rejects = ["slow"]
[pipelines.SPAdes]
accepts = ["bigmem"]
""")


def lacks(of_node: Any, of_job: Any, policy: Policy = POLICY, now: float = 0.0) -> str:
    return verdicts(Cluster([of_node]), of_job, policy, now)[of_node.name]


@pytest.mark.parametrize(
    ("node_has", "job_needs", "why"),
    [
        ({}, {}, ""),
        ({}, {"cores": 4, "memory_bytes": 8 * GB, "disk_bytes": 100 * GB}, ""),
        ({}, {"cores": 5}, "has 4 cores in all, the job needs 5 cores"),
        ({}, {"memory_bytes": 9 * GB}, "has 8.0 GiB memory in all, the job needs 9.0 GiB memory"),
        ({}, {"disk_bytes": 101 * GB}, "has 100.0 GiB disk free, the job needs 101.0 GiB disk"),
        ({}, {"pipeline": "SeroPred"}, "does not know SeroPred"),
        ({"unavailable": {"SeroPred": "sistr not found"}}, {"pipeline": "SeroPred"}, "sistr not found"),
        ({}, {"version": "4.1"}, "offers QAssembly 4.0, not 4.1"),
        ({"closed": "drained (disk)"}, {}, "drained (disk)"),
        ({"closed": "drained (disk)"}, {"cores": 99}, "drained (disk)"),
        ({"load": [busy(cores=3)]}, {}, ""),
        ({"load": [busy(cores=3)]}, {"cores": 2}, "1 of 4 cores free, the job needs 2"),
        ({"load": [busy(1), busy(2, 3)]}, {}, "0 of 4 cores free, the job needs 1"),
        ({"load": [busy(memory_bytes=7 * GB)]}, {"memory_bytes": 2 * GB},
         "1.0 GiB memory free, the job needs 2.0 GiB memory"),
        ({"load": [busy(memory_bytes=7 * GB)]}, {}, ""),
        ({"load": [busy(disk_bytes=99 * GB)]}, {"disk_bytes": 2 * GB},
         "1.0 GiB disk not yet promised to others, the job needs 2.0 GiB disk"),
    ],
)  # fmt: skip
def test_a_node_takes_what_fits_and_says_what_does_not(
    node_has: dict[str, Any], job_needs: dict[str, Any], why: str
) -> None:
    assert lacks(node(**node_has), job(**job_needs)) == why
    assert bool(placed([node(**node_has)], [job(**job_needs)])) is not bool(why)


@pytest.mark.parametrize(
    ("tags", "pipeline", "why"),
    [
        ({"linux"}, "QAssembly", ""),
        ({"linux", "ssd"}, "QAssembly", ""),
        (set(), "QAssembly", "lacks the tag linux, which QAssembly requires"),
        ({"linux", "slow"}, "QAssembly", "has the tag slow, which QAssembly rejects"),
        ({"linux", "bigmem"}, "QAssembly", "is reserved by its tag bigmem for pipelines that name it"),
        ({"bigmem"}, "SPAdes", ""),
        ({"bigmem"}, "Other", "is reserved by its tag bigmem for pipelines that name it"),
        (set(), "Other", ""),
    ],
)
def test_tags_let_in_and_keep_out(tags: set[str], pipeline: str, why: str) -> None:
    tagged = node(tags=frozenset(tags), pipelines={pipeline: "4.0"})
    assert lacks(tagged, job(pipeline=pipeline), TAGS) == why


def test_a_preferred_tag_comes_before_data_and_data_before_the_best_fit() -> None:
    linux = frozenset({"linux"})
    full = node("full", tags=linux, load=[busy(cores=2)])
    data = node("data", tags=linux, local_data=frozenset({"read1"}))
    ssd = node("ssd", tags=linux | {"ssd"})
    reader = job(data=frozenset({"read1"}))
    assert placed([full, data, ssd], [reader], TAGS) == {1: "ssd"}
    assert placed([full, data], [reader], TAGS) == {1: "data"}
    assert placed([full, data], [job()], TAGS) == {1: "full"}


def test_data_is_a_preference_and_never_a_wait() -> None:
    holder = node("a", local_data=frozenset({"read1"}), load=[busy(cores=4)])
    assert placed([holder, node("b")], [job(data=frozenset({"read1"}))]) == {1: "b"}


def test_a_job_avoids_the_node_where_it_failed_but_does_not_wait_for_another() -> None:
    failed = job(failed_on=frozenset({"a"}))
    fuller = node("a", load=[busy(cores=1)])
    assert placed([fuller, node("b")], [failed]) == {1: "b"}
    assert placed([fuller, node("b", load=[busy(cores=4)])], [failed]) == {1: "a"}


def test_avoiding_a_node_does_not_keep_others_from_it() -> None:
    jobs = [job(1, failed_on=frozenset({"a"})), job(2)]
    assert placed([node("a", cores=1), node("b", cores=1)], jobs) == {1: "b", 2: "a"}


@pytest.mark.parametrize(
    ("running", "queued", "needs", "taken"),
    [
        (SHORT, [], {"expected_s": SHORT}, True),
        (SHORT, [SHORT] * 15, {"expected_s": SHORT}, True),
        (SHORT, [SHORT] * 20, {"expected_s": SHORT}, False),  # more than half a second for each core
        (9.0, [9.0] * 3, {"expected_s": 9.0}, True),
        (9.0, [9.0] * 4, {"expected_s": 9.0}, False),  # one for each core
        (600.0, [], {"expected_s": SHORT}, False),
        (SHORT, [], {"expected_s": 600.0}, False),
        (SHORT, [], {"expected_s": SHORT, "cores": 2}, False),
        (SHORT, [], {"expected_s": SHORT, "memory_bytes": 3 * GB}, False),  # more than one slot's share
        (0.0, [0.0] * 63, {"expected_s": 0.0}, True),
        (0.0, [0.0] * 64, {"expected_s": 0.0}, False),  # a queue has a length
    ],
)
def test_only_short_jobs_of_one_core_queue_on_a_full_node(
    running: float, queued: list[float], needs: dict[str, Any], taken: bool
) -> None:
    load = [busy(n, expected_s=seconds) for n, seconds in enumerate([running] * 4 + queued)]
    assert (lacks(node(load=load), job(**needs)) == "") is taken


@pytest.mark.parametrize("odd", [{"cores": 2}, {"memory_bytes": 3 * GB}], ids=["two cores", "much memory"])
def test_nothing_queues_behind_an_attempt_that_is_more_than_one_slot(odd: dict[str, int]) -> None:
    load = [busy(1, expected_s=SHORT, **odd), *loads(3, expected_s=SHORT)]
    assert lacks(node(load=load), job(expected_s=SHORT))


def test_no_job_queues_while_another_node_has_a_free_core() -> None:
    full, free = node("a", load=loads(4, expected_s=SHORT)), node("b", load=[busy(cores=3)])
    assert placed([full, free], [job(1, expected_s=SHORT), job(2, expected_s=SHORT)]) == {1: "b", 2: "a"}


@pytest.mark.parametrize(
    ("nodes", "reason"),
    [
        ([], "no calculation node has ever reported; start one with `crobot node --name NAME`"),
        (
            [node("a", pipelines={}), node("b", pipelines={}, unavailable={"QAssembly": "spades not found"})],
            "no node offers QAssembly: does not know QAssembly on a; spades not found on b",
        ),
        ([node("a", pipelines={}), node("b", pipelines={})],
         "no node offers QAssembly: does not know QAssembly on a, b"),
        ([node("a", pipelines={}), *(node(f"old{n}", closed="silent") for n in range(12))],
         "no node offers QAssembly: does not know QAssembly on a; silent on old0, old1, old2, old3, old4 and 7 more"),
        (
            [node("a", pipelines={}), node("b", load=[busy(cores=4)])],
            "waiting for a free place: 0 of 4 cores free, the job needs 1 on b",
        ),
        ([node("a")], "next to be placed: a would take it now"),
        ([node(f"n{n}") for n in range(500)],
         "next to be placed: n0, n1, n2, n3, n4 and 495 more would take it now"),
    ],
)  # fmt: skip
def test_a_waiting_job_says_why(nodes: list[Any], reason: str) -> None:
    assert why_waiting(Cluster(nodes), job(), POLICY, 0.0) == reason


@pytest.mark.parametrize(
    ("of_node", "of_job", "reason"),
    [
        (node(), job(), "4 of 4 cores free"),
        (node(load=loads(5, expected_s=SHORT)), job(expected_s=SHORT), "5 short jobs ahead of it"),
        (
            node(tags=frozenset({"linux", "ssd"}), local_data=frozenset({"r1"})),
            job(data=frozenset({"r1"})),
            "4 of 4 cores free, has its data, preferred by tag ssd",
        ),
        (
            node("a", tags=frozenset({"linux"})),
            job(failed_on=frozenset({"a"})),
            "4 of 4 cores free, though it failed there: no other node takes it now",
        ),
    ],
)
def test_a_placed_job_says_why_there(of_node: Any, of_job: Any, reason: str) -> None:
    policy = TAGS if of_node.tags else POLICY
    assert [one.reason for one in decide([of_node], [of_job], policy).placements] == [reason]
