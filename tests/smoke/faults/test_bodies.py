"""Bodies that end badly: each way has its kind of outcome, and the node works on."""

from __future__ import annotations

import pytest

from tests import ends
from tests.canvas_tasks import jobs
from tests.fault_tasks import strike, trial
from tests.processes import PATIENCE_S, Cluster

FAILURES = [
    ("tool", "tool", 1),
    ("node", "node_broken", 3),
    ("memory", "out_of_memory", 3),
    ("exit", "internal", 1),
    ("crash", "internal", 1),
]


@pytest.mark.parametrize(("fail", "kind", "tries"), FAILURES)
def test_a_pipeline_that_fails_has_its_kind_of_outcome(
    site: Cluster, fail: str, kind: str, tries: int
) -> None:
    check(trial.delay(params={"fail": fail}).job_id, kind, tries)


@pytest.mark.parametrize(
    ("how", "kind", "tries"),
    [
        ("exit", "internal", 1),
        ("memory", "out_of_memory", 3),
        ("crash", "internal", 1),
        ("killed", "poison", 3),
    ],
)
def test_a_body_without_protection_has_its_kind_of_outcome(
    site: Cluster, how: str, kind: str, tries: int
) -> None:
    check(strike.delay(how).job_id, kind, tries)


def check(job_id: int | None, kind: str, tries: int) -> None:
    (row,) = ends.ended([job_id])
    assert (row.state, row.outcome) == ("FAILED", kind)
    each = "node_lost" if kind == "poison" else kind
    assert [attempt.outcome for attempt in ends.attempts(job_id)] == [each] * tries
    assert jobs.add.delay(1, 1).get(timeout=PATIENCE_S) == 2


@pytest.mark.parametrize("how", ["memory", "killed", "gone"])
def test_what_ends_badly_once_is_tried_again(site: Cluster, how: str) -> None:
    result = strike.delay(how, attempts=1)
    assert result.get(timeout=PATIENCE_S) == "survived"
    (row,) = ends.complete([result.job_id])
    assert row.attempt == 2


def test_a_tool_beyond_its_time_is_ended_and_the_next_attempt_gets_more(site: Cluster, nap_s: float) -> None:
    job_id = trial.delay(params={"time_s": 1, "first": {"sleep_s": nap_s}}).job_id
    (row,) = ends.complete([job_id])
    ends.no_tool(nap_s)
    first, second = ends.attempts(job_id)
    assert (first.outcome, second.outcome, row.time_limit_s) == ("time_limit", "ok", 2)


def test_memory_grows_with_each_attempt_that_ran_out_of_it(site: Cluster) -> None:
    result = strike.delay("memory", attempts=2)
    assert result.get(timeout=PATIENCE_S) == "survived"
    asked = [attempt.memory_bytes for attempt in ends.attempts(result.job_id)]
    assert asked == [asked[0], 2 * asked[0], 4 * asked[0]]
