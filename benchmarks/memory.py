"""(d) Memory of CRobot's processes at rest, and after many jobs."""

from __future__ import annotations

from benchmarks import tasks, usage
from benchmarks.figures import Chapter, Figure
from benchmarks.stage import Stage, all_settled
from db.engine import transaction
from tests.processes import wait_for

TOGETHER = 100
TIMEOUT_S = 1200.0


def measure(stage: Stage, jobs: int) -> Chapter:
    """Look after the first few jobs, when everything is imported, and after ``jobs``."""
    _work_off(20)
    before = usage.memory_mb(stage)
    _work_off(jobs)
    after = usage.memory_mb(stage)
    figures = [
        Figure(f"{name}: {kind}", "MB", after[name][kind], size, after[name][kind] / size)
        for name, sizes in before.items()
        for kind, size in sizes.items()
    ]
    return Chapter("d", f"memory after {jobs} jobs that do nothing", "at rest", figures)


def _work_off(jobs: int) -> None:
    for start in range(0, jobs, TOGETHER):
        with transaction():
            for number in range(start, min(start + TOGETHER, jobs)):
                tasks.nothing.delay(number)
    wait_for("the jobs", all_settled, TIMEOUT_S)
