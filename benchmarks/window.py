"""(h) How busy a node's cores are with short jobs, with and without the window of jobs that wait in its queue."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.figures import Chapter, Figure
from benchmarks.stage import CORES, Stage, all_settled
from crobot_tasks.celery import app
from db.engine import transaction
from tests.processes import value, wait_for

#: seconds that a job sleeps → jobs in a round
ROUNDS = {0.05: 200, 0.3: 60, 2.0: 12}
OFF = "[window]\nmost_jobs = 0\n"
ON = "[window]\n"


def measure(stage: Stage, rounds: int) -> Chapter:
    """Alternate the policies; both are taken by the head while it runs."""
    path = stage.folder / "policy.toml"
    busy: dict[tuple[float, str], list[float]] = {}
    for _ in range(rounds):
        for text in (ON, OFF):
            _put_in_force(path, text)
            for seconds, jobs in ROUNDS.items():
                busy.setdefault((seconds, text), []).append(_busy(stage, seconds, jobs))
    figures = []
    for seconds in ROUNDS:
        on, off = median(busy[seconds, ON]), median(busy[seconds, OFF])
        figures.append(Figure(f"jobs of {seconds:g} s", "share of core time at work", on, off, on / off))
    return Chapter("h", f"a node of {CORES} cores, {rounds} rounds", "no window", figures)


def _busy(stage: Stage, seconds: float, jobs: int) -> float:
    """Send all at once, and compare what they sleep with what the cores had."""
    stage.close_node()
    params = {"sleep_s": seconds, "expected_s": seconds}
    with transaction():
        for _ in range(jobs):
            app.tasks["probe"].apply_async(kwargs={"params": params}, ignore_result=True)
    began = time.perf_counter()
    stage.open_node()
    wait_for("the jobs", all_settled, 300)
    return jobs * seconds / (time.perf_counter() - began) / CORES


def _put_in_force(path: Path, text: str) -> None:
    path.write_text(text)
    newest = "SELECT toml FROM crobot.policies ORDER BY id DESC LIMIT 1"
    wait_for("the policy to be in force", lambda: value(newest) == text)
    time.sleep(1.1)  # each process asks once a second
