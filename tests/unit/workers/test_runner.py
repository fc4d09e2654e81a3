"""Running attempts: whatever happens in a pipeline leaves as a report body or as an AttemptError."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crobot_errors import AttemptError, BadInput, OutcomeKind, UnknownPipeline, UnknownVersion
from workers.attempt import Attempt
from workers.job import JobInput, Resources
from workers.pipelines import PIPELINES, pipeline
from workers.pipelines.base import Outcome, Pipeline
from workers.pipelines.probe import Probe
from workers.runner import offers, run_attempt
from workers.tools import Tool

Make = Callable[..., Attempt]


@pytest.fixture
def attempt(tmp_path: Path) -> Make:
    """Attempts at probes, by their parameters."""
    (tmp_path / "storage").mkdir()

    def make(**params: Any) -> Attempt:
        job = JobInput(params=params)
        resources = Probe().resources(job)
        return Attempt(1234, 2, job, resources, tmp_path / "storage", [], tmp_path / "state")

    return make


class Breaks(Pipeline):
    """A pipeline with a given defect."""

    name, version, expected_s = "breaks", "1", 0.0

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def resources(self, job: JobInput) -> Resources:
        return Resources(1, 1, 0, 1)

    def run(self, attempt: Attempt) -> Outcome:
        attempt.scratch_dir.joinpath("file").touch()
        raise self.error


def test_a_probe_that_only_answers_leaves_no_file(tmp_path: Path, attempt: Make) -> None:
    body = run_attempt(Probe(), attempt(value={"a": [1]}))
    assert body["results"] == {"value": {"a": [1]}}
    assert body["pipeline_version"] == "1.0"
    assert json.loads(json.dumps(body)) == body
    assert list(tmp_path.rglob("*")) == [tmp_path / "storage"]


@pytest.mark.parametrize(
    ("fail", "kind"),
    [
        ("tool", OutcomeKind.TOOL),
        ("node", OutcomeKind.NODE_BROKEN),
        ("memory", OutcomeKind.OUT_OF_MEMORY),
        ("exit", OutcomeKind.INTERNAL),
        ("crash", OutcomeKind.INTERNAL),
    ],
)
def test_a_probe_fails_as_it_is_asked(attempt: Make, fail: str, kind: OutcomeKind) -> None:
    failing = attempt(fail=fail)
    with pytest.raises(AttemptError) as caught:
        run_attempt(Probe(), failing)
    assert caught.value.kind is kind
    assert caught.value.details["pipeline_version"] == "1.0"
    assert caught.value.details["usage"]["tools"] == []
    assert f"failed ({kind})" in failing.log_path.read_text()


def test_the_trace_of_a_defect_is_in_the_log(attempt: Make) -> None:
    failing = attempt(fail="crash")
    with pytest.raises(AttemptError, match="RuntimeError: the probe was asked to crash"):
        run_attempt(Probe(), failing)
    assert "Traceback" in failing.log_path.read_text()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), OutcomeKind.DISK_FULL),
        (OSError(errno.EIO, "I/O error"), OutcomeKind.NODE_BROKEN),
        (OSError(errno.EXDEV, "Invalid cross-device link"), OutcomeKind.NODE_BROKEN),
        (OSError(errno.EISDIR, "Is a directory"), OutcomeKind.INTERNAL),
        (BadInput("not this"), OutcomeKind.TOOL),
        (KeyError("x"), OutcomeKind.INTERNAL),
    ],
)
def test_other_exceptions_become_attempt_errors(attempt: Make, error: Exception, kind: OutcomeKind) -> None:
    with pytest.raises(AttemptError) as caught:
        run_attempt(Breaks(error), attempt())
    assert caught.value.kind is kind


def test_scratch_is_removed_also_after_a_failure(tmp_path: Path, attempt: Make) -> None:
    with pytest.raises(AttemptError):
        run_attempt(Breaks(KeyError("x")), attempt())
    assert list((tmp_path / "state" / "scratch").iterdir()) == []


def test_a_scratch_disk_without_the_room_asked_for_is_full_before_the_start(attempt: Make) -> None:
    asking = attempt(sleep_s=1)
    asking.resources = Resources(1, 10**9, 10**18, 60)
    with pytest.raises(AttemptError, match="needs 1000000000.00 GB") as caught:
        run_attempt(Probe(), asking)
    assert caught.value.kind is OutcomeKind.DISK_FULL


def test_a_storage_that_is_not_mounted_is_the_nodes_fault(tmp_path: Path, attempt: Make) -> None:
    asking = attempt(sleep_s=1)
    asking.storage = tmp_path / "elsewhere"
    with pytest.raises(AttemptError, match="is it mounted") as caught:
        run_attempt(Probe(), asking)
    assert caught.value.kind is OutcomeKind.NODE_BROKEN


def test_a_pipeline_is_found_by_its_name_and_version() -> None:
    assert pipeline("probe") is pipeline("probe", "1.0") is PIPELINES["probe"]
    with pytest.raises(UnknownPipeline, match="no pipeline 'QAssembley'; known are .*QAssembly"):
        pipeline("QAssembley")
    current = PIPELINES["QAssembly"].version
    with pytest.raises(
        UnknownVersion, match=f"QAssembly has no version '3.61'; the current one is {current}"
    ):
        pipeline("QAssembly", "3.61")


def test_a_pipeline_whose_tool_is_missing_or_old_is_not_offered() -> None:
    needy = Breaks(KeyError())
    needy.tools = (
        Tool("sistr", "sistr-that-is-not-here", ("--version",), "1.0", "sistr"),
        Tool("sleep", "sleep", ("--version",), "999.0", "coreutils"),
    )
    offered, refused = offers({"breaks": needy, "probe": Probe()})
    assert offered == {"probe": "1.0"}
    assert "sistr not found" in refused["breaks"]
    assert "is older than 999.0" in refused["breaks"]


@pytest.mark.parametrize("params", [{"fail": "somehow"}, {"sleep_s": -1}, {"sleep_s": "1"}, {"cores": True}])
def test_a_probe_with_impossible_parameters_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="probe"):
        Probe().validate(JobInput(params=params), [])


def test_what_an_attempt_tells_of_itself_stays_until_it_is_told_anew(attempt: Make) -> None:
    heard: list[dict[str, object]] = []
    telling = attempt()
    telling.hear = heard.append
    telling.tell(tool="minimap2")
    telling.tell(current=1, total=3)
    telling.tell(current=2)
    assert heard == [
        {"tool": "minimap2"},
        {"tool": "minimap2", "current": 1, "total": 3},
        {"tool": "minimap2", "current": 2, "total": 3},
    ]
