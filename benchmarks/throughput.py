"""(a) Jobs that do nothing, through their whole life, against plain Celery tasks with results."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks import plain, tasks, usage
from benchmarks.figures import Chapter, Figure, compared
from benchmarks.stage import Stage, all_settled
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.together import together
from db.crobot import settlements
from db.engine import transaction
from tests.processes import wait_for

#: jobs of one transaction, where many are sent together
TOGETHER = 100
#: results that are asked for at a time; few, since the same ones are asked for until they are there
CHUNK = 20
PATIENCE_S = 300.0
Send = Callable[[int], Any]


@dataclass
class Kind:
    """One of the three ways to do nothing."""

    name: str
    send: Send
    #: task ids in the order of their sends → those from the first on that may have no result yet
    without_result: Callable[[list[str]], list[str]]
    close: Callable[[], None]
    open: Callable[[], None]
    #: several sends together, all or none; plain Celery cannot
    transactional: bool = True
    #: measure → a value for each round
    rounds: dict[str, list[float]] = field(default_factory=dict)
    cpu_s: list[dict[str, float]] = field(default_factory=list)
    counted: list[dict[str, float]] = field(default_factory=list)

    def note(self, measure: str, number: float) -> None:
        self.rounds.setdefault(measure, []).append(number)


def measure(stage: Stage, jobs: int, rounds: int) -> Chapter:
    """Alternate the kinds; rates are jobs a second."""
    kinds = _kinds(stage)
    for kind in kinds:
        _concurrently(stage, kind, 20)  # everything is imported and connected
    for kind in kinds:
        kind.rounds.clear()
    for _ in range(rounds):
        for kind in kinds:
            _backlog(stage, kind, jobs)
            _concurrently(stage, kind, jobs)
    figures = [*_rates(kinds), *_cpu(kinds, jobs), *_counted(kinds, jobs)]
    return Chapter("a", f"{jobs} jobs that do nothing, {rounds} rounds", "plain Celery", figures)


def _kinds(stage: Stage) -> list[Kind]:
    probe = app.tasks["probe"]

    def send_probe(number: int) -> Any:
        return probe.apply_async(kwargs={"params": {"value": number, "expected_s": 0.005}})

    ours = (not_ended, stage.close_node, stage.open_node)
    theirs = (not_stored, stage.close_plain, stage.open_plain)
    return [
        Kind("plain", plain.nothing.delay, *theirs, transactional=False),
        Kind("JobTask", tasks.nothing.delay, *ours),
        Kind("probe", send_probe, *ours),
    ]


def _backlog(stage: Stage, kind: Kind, jobs: int) -> None:
    """Send all while nobody takes them, then let them go."""
    kind.close()
    half = jobs // 2
    began = time.perf_counter()
    sent = [kind.send(number) for number in range(half)]
    kind.note("sent", half / (time.perf_counter() - began))
    began = time.perf_counter()
    for start in range(half, jobs, TOGETHER):
        sent += _together(kind, range(start, min(start + TOGETHER, jobs)))
    kind.note("sent together", (jobs - half) / (time.perf_counter() - began))
    began = time.perf_counter()
    kind.open()
    wait(kind, sent)
    kind.note("backlog", jobs / (time.perf_counter() - began))
    quiet()


def _together(kind: Kind, numbers: range) -> list[Any]:
    if not kind.transactional:
        return [kind.send(number) for number in numbers]
    with together():
        return [kind.send(number) for number in numbers]


def _concurrently(stage: Stage, kind: Kind, jobs: int) -> None:
    """Send one by one while they are taken; from the first send to the last result."""
    cpu_s, counted = usage.cpu_s(stage), usage.counters()
    began = time.perf_counter()
    sent = [kind.send(number) for number in range(jobs)]
    wait(kind, sent)
    kind.note("whole life", jobs / (time.perf_counter() - began))
    quiet()
    kind.cpu_s.append(usage.used(cpu_s, usage.cpu_s(stage)))
    kind.counted.append(usage.used(counted, usage.counters()))


def wait(kind: Kind, sent: list[Any]) -> None:
    """Until the last result is there: plain Celery's in its store, a job's in the database, which is asked as often."""
    task_ids = [result.id for result in sent]
    ends_at = time.monotonic() + PATIENCE_S
    while task_ids := kind.without_result(task_ids):
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{len(task_ids)} {kind.name} have no result after {PATIENCE_S:g} s")
        time.sleep(0.01)


def not_stored(task_ids: list[str]) -> list[str]:
    """Return those of plain tasks from the first chunk on that is not complete."""
    store = plain.app.backend
    while chunk := task_ids[:CHUNK]:
        if store.client.exists(*map(store.get_key_for_task, chunk)) < len(chunk):
            break
        task_ids = task_ids[CHUNK:]
    return task_ids


def not_ended(task_ids: list[str]) -> list[str]:
    """Return those of jobs, alike."""
    with transaction() as session:
        while chunk := task_ids[:CHUNK]:
            if len(settlements.outcomes(session, chunk)) < len(chunk):
                break
            task_ids = task_ids[CHUNK:]
    return task_ids


def quiet() -> None:
    """Until the heads have noted that everything is settled, so that the next measure begins with nothing to do."""
    wait_for("the settlements", all_settled)
    time.sleep(0.3)


# --- tables -----------------------------------------------------------------------------------------------------------

_MEASURES = {
    "sent": "sent one by one by one sender",
    "sent together": f"sent {TOGETHER} together",
    "backlog": "worked off, all sent before",
    "whole life": "sent and worked off at once",
}


def _rates(kinds: list[Kind]) -> list[Figure]:
    plain_kind, *ours = kinds
    return [
        compared(
            f"{kind.name}: {text}",
            "jobs a second",
            list(zip(kind.rounds[name], plain_kind.rounds[name], strict=True)),
        )
        for kind in ours
        for name, text in _MEASURES.items()
    ]


def _cpu(kinds: list[Kind], jobs: int) -> list[Figure]:
    """CPU of `sent and worked off at once`; the first round, which imported everything, is not counted."""
    plain_kind, job_task, probe = (_medians(kind.cpu_s[1:], jobs) for kind in kinds)
    crobot = ("sender", "head", "node parent", "node children", "beat", "postgres", "valkey")
    celery = {"sender": "sender", "node parent": "plain parent", "node children": "plain children"}
    celery["valkey"] = "valkey"
    unit = "CPU s per 1,000 jobs"
    lines = []
    for name, ours in (("JobTask", job_task), ("probe", probe)):
        for group in crobot:
            other = plain_kind[celery[group]] if group in celery else None
            lines.append(Figure(f"{name}: {group}", unit, ours[group], other))
        total = sum(ours[group] for group in crobot)
        other = sum(plain_kind[group] for group in celery.values())
        lines.append(Figure(f"{name}: together", unit, total, other, total / other))
    return lines


def _counted(kinds: list[Kind], jobs: int) -> list[Figure]:
    plain_kind, job_task, _ = (_medians(kind.counted[1:], jobs) for kind in kinds)
    return [
        Figure(f"JobTask: {name}", "per 1,000 jobs", number, plain_kind[name])
        for name, number in job_task.items()
    ]


def _medians(looks: list[dict[str, float]], jobs: int) -> dict[str, float]:
    return {name: median(look[name] for look in looks) * 1000 / jobs for name in looks[0]}
