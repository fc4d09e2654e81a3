"""The probe: an operator's check of a node, which runs no tools of biology and can fail in every way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from crobot_errors import BadInput, NodeBroken, ToolFailed
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool

SLEEP = Tool("sleep", "sleep", ("--version",), "1.0", "coreutils")
MEMORY_BYTES = 50 * 10**6


#: the ways in which a probe can be asked to fail
FAILURES = ("tool", "node", "memory", "exit", "crash")


class Probe(Pipeline):
    """Returns ``value``, after ``sleep_s`` seconds in a child process; or fails as asked by ``fail``."""

    name = "probe"
    version = "1.0"
    tools = (SLEEP,)
    expected_s = 0.1

    def resources(self, job: JobInput) -> Resources:
        """What the parameters say, so that an operator can try out placement."""
        params = job.params
        return Resources(
            cores=int(params.get("cores", 1)),
            memory_bytes=int(params.get("memory_bytes", MEMORY_BYTES)),
            disk_bytes=0,
            time_s=int(params.get("time_s", 60 + 2 * float(params.get("sleep_s", 0)))),
        )

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the numbers and the kind of failure."""
        fail = job.params.get("fail")
        if fail is not None and fail not in FAILURES:
            raise BadInput(f"the probe cannot fail by {fail!r}: fail is one of {', '.join(FAILURES)}")
        for name in ("sleep_s", "cores", "memory_bytes", "time_s", "expected_s"):
            value = job.params.get(name, 1)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise BadInput(f"the probe's {name} is {value!r}: it must be a number that is not negative")

    def run(self, attempt: Attempt) -> Outcome:
        """Sleep, fail, or answer; nothing is written to disk unless it sleeps or fails."""
        params = attempt.job.params
        if params.get("sleep_s"):
            attempt.log(f"the probe sleeps {params['sleep_s']} s")
            attempt.run_tool(SLEEP, [str(params["sleep_s"])])
        if params.get("fail"):
            _strike(params["fail"])
        return Outcome({"value": params.get("value")})


def _strike(fail: str) -> None:
    match fail:
        case "tool":
            raise ToolFailed("the probe was asked to fail like a tool")
        case "node":
            raise NodeBroken("the probe was asked to fail like a node")
        case "memory":
            raise MemoryError
        case "exit":
            raise SystemExit(1)
        case _:
            raise RuntimeError("the probe was asked to crash")
