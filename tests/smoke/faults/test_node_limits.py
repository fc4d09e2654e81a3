"""Jobs that use up memory, time or disk, bodies that end their process, and clocks that are wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from tests import ends
from tests.node_tasks import MB, glutton
from tests.processes import wait_for
from tests.smoke.faults.guests import clock_of, guest, others_drained, with_tiny_disk
from tests.smoke.faults.matrix import scenarios
from tests.smoke.faults.stage import NODE_PHASES, Stage

# --- in the middle of a body -----------------------------------------------------------------------------------------

#: what the first attempt does → how it ends, and the job
BODIES: dict[str, tuple[dict[str, object], str, str]] = {
    "eats more memory than it was given": ({"eat_mb": 300}, "out_of_memory", "COMPLETE"),
    "takes longer than it was given": ({"sleep_s": 299.5}, "time_limit", "COMPLETE"),
    "raises MemoryError": ({"fail": "memory"}, "out_of_memory", "COMPLETE"),
    "calls sys.exit": ({"fail": "exit"}, "internal", "FAILED"),
}


@pytest.mark.parametrize(
    "body",
    [pytest.param(body, marks=() if number < 1 else pytest.mark.full) for number, body in enumerate(BODIES)],
)
def test_a_body_that(stage: Stage, body: str) -> None:
    first, outcome, state = BODIES[body]
    params = {"first": first, "memory_bytes": 150 * MB, "time_s": 5}
    job_id = stage.mix._wants(glutton.apply_async(kwargs={"params": params}), state)
    stage.mix.send()
    stage.check()
    attempt = ends.attempts(job_id)[0]
    assert attempt.outcome == outcome
    assert attempt.usage is not None
    if "eat_mb" in first:
        assert attempt.usage["peak_memory_bytes"] > 150 * MB
    if "sleep_s" in first:
        assert 3 < attempt.usage["wall_s"] < 60


# --- between result and report ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how",
    [pytest.param(how, marks=pytest.mark.full) for how in ("memory", "exit", "full")],
)
def test_a_report_that_meets(stage: Stage, how: str) -> None:
    stage.play("between", stage.struck(how)())
    assert "node_lost" in stage.attempts()


# --- a full disk -----------------------------------------------------------------------------------------------------


@contextmanager
def filled(stage: Stage, undrain: Callable[[], None]) -> Iterator[None]:
    """Somebody else fills the disk, and clears it when everything has ended elsewhere."""
    big = stage.folder / "big"
    with big.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(MB)):
            pass
    yield
    undrain()
    stage.mix.wait()
    big.unlink()


@pytest.mark.parametrize("phase", [pytest.param(phase, marks=pytest.mark.full) for phase in NODE_PHASES])
def test_a_disk_that_is_full(stage: Stage, phase: str) -> None:
    with guest(stage.site, with_tiny_disk) as node, ExitStack() as drained:
        stage.victim, stage.seen_from = node.name, f"/proc/{node.pid}/root"
        drained.enter_context(others_drained(stage.site, node.name))
        stage.play(phase, filled(stage, drained.close))


def test_a_tool_that_fills_the_disk_is_tried_again_where_there_is_more(stage: Stage) -> None:
    with guest(stage.site, with_tiny_disk) as node:
        with others_drained(stage.site, node.name):
            sent = glutton.apply_async(kwargs={"params": {"first": {"write_mb": 200}}})
            job_id = stage.mix._wants(sent, "COMPLETE")
            wait_for("the first attempt to end", lambda: any(one.ended_at for one in ends.attempts(job_id)))
        stage.check()
    first, *_, last = ends.attempts(job_id)
    assert (first.outcome, first.node) == ("disk_full", node.name)
    assert (last.outcome, last.node != node.name) == ("ok", True)


# --- a clock that is wrong -------------------------------------------------------------------------------------------

CLOCKS = {"an hour ahead": 3600, "an hour behind": -3600}


@pytest.mark.parametrize(
    ("clock", "phase"),
    scenarios(CLOCKS, (*NODE_PHASES, "always"), ci=()),
)
def test_a_clock(stage: Stage, tmp_path: Path, clock: str, phase: str) -> None:
    file = tmp_path / "clock"
    off = str(CLOCKS[clock])
    file.write_text(off if phase == "always" else "0")

    @contextmanager
    def set_clock() -> Iterator[None]:
        set_anew = file.with_suffix(".new")
        set_anew.write_text(off)
        set_anew.rename(file)
        yield

    with guest(stage.site, **clock_of(file)) as node:
        stage.victim = node.name
        with others_drained(stage.site, node.name):
            if phase == "always":
                stage.play_throughout(set_clock())
            else:
                stage.play(phase, set_clock())
        assert node.status == "running"
    assert set(stage.attempts()) <= {"ok", "tool", "node_broken", "internal", "cancelled"}
