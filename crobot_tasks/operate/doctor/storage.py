"""The storage, seen alike from this machine, heads and nodes: a file written on one is read on the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from crobot_tasks.broker import storage_check
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.broker.storage_check import seconds_until
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.storage import mark as storage_mark
from crobot_tasks.lifecycle.storage.access import reading
from crobot_tasks.operate.amounts import now
from crobot_tasks.operate.doctor.database import of_clock
from crobot_tasks.operate.doctor.finding import Finding, ok, problem, warning
from crobot_tasks.operate.doctor.seen import ANSWER_S, Seen, looking
from db.crobot import unapplied

#: the file of the one who asks
ASKER = "asker"
#: seconds within which a file must show on another machine
LOOK_S = 6.0
#: a file that shows later lets reports wait
SLOW_S = 3.0
_FAILS = "jobs on it fail, or write where nobody finds it"


def examine_mark(seen: Seen) -> Iterator[Finding]:
    """See whether the storage is the one that heads have always worked with; a new one is not marked."""
    with looking() as session:
        is_new = unapplied.storage_mark(session) is None
    if is_new:
        yield ok(f"no head has used the storage {storage_root()} yet")
    elif why := storage_mark.why_unusable():
        yield problem(why, "heads on this machine apply no reports", "mount it, or correct CROBOT_STORAGE")
    else:
        yield ok(f"{storage_root()} is the storage that the heads work with")


def examine(seen: Seen) -> Iterator[Finding]:
    """Write a file, and have every head and every node read it and write one."""
    name = uuid4().hex
    workers = [*seen.heads, *seen.nodes]
    try:
        reading(lambda: _begin(name), LOOK_S)
    except OSError as error:
        yield problem(
            f"this machine cannot write to the storage {storage_root()}: {error}",
            "files of jobs are sent from it and read on it",
            "mount it here, correct CROBOT_STORAGE, or its rights",
        )
        return
    try:
        if workers:
            yield from _ask(name, workers)
    finally:
        shutil.rmtree(storage_check.folder(name), ignore_errors=True)


def _begin(name: str) -> None:
    storage_check.folder(name).mkdir()
    storage_check.write(name, ASKER)


def _ask(name: str, workers: list[str]) -> Iterator[Finding]:
    asked_at = now().timestamp()
    answers = _order("check_storage", workers, name=name, asker=ASKER, look_s=LOOK_S)
    doubt_s = now().timestamp() - asked_at
    for worker in workers:
        answer = answers.get(worker, {})
        if "clock" not in answer:
            yield warning(
                f"{worker} was not asked about the storage: {answer.get('error', 'it does not answer')}",
                "nobody knows whether it sees the same storage",
                "if it is of an older version, upgrade it; else look at its log",
            )
            continue
        yield from of_clock(worker, answer["clock"] - asked_at, doubt_s)
    yield from _answers(name, [worker for worker in workers if "clock" in answers.get(worker, {})])


def _answers(name: str, workers: list[str]) -> Iterator[Finding]:
    found: dict[str, dict[str, Any]] = {}

    def all_have_looked() -> bool:
        late = [worker for worker in workers if worker not in found]
        found.update({who: one for who, one in _order("storage_checked", late, name=name).items() if one})
        return len(found) == len(workers)

    if workers:
        seconds_until(all_have_looked, LOOK_S + ANSWER_S)
    for worker in workers:
        yield _judged(name, worker, found.get(worker, {}))


def _judged(name: str, worker: str, found: dict[str, Any]) -> Finding:
    seen_s, theirs = found.get("seen_s"), found.get("storage", "its storage")
    mount = f"mount the shared storage there; CROBOT_STORAGE must name it on each machine (here: {storage_root()})"
    if found.get("error"):
        return problem(f"{worker} cannot work with {theirs}: {found['error']}", _FAILS, mount)
    if not found:
        return problem(f"the storage does not answer on {worker}", _FAILS, mount)
    if seen_s is None:
        missing = f"a file written here does not show in {theirs} on {worker} within {LOOK_S:.0f} s"
        return problem(missing, _FAILS, mount)
    back_s = seconds_until(lambda: storage_check.shows(name, worker), LOOK_S)
    if back_s is None:
        missing = f"a file written on {worker} does not show here within {LOOK_S:.0f} s"
        return problem(missing, "heads on this machine cannot apply its reports", mount)
    what = f"files of this machine show on {worker} after {seen_s:.2f} s, its files here after {back_s:.2f} s"
    if max(seen_s, back_s) > SLOW_S:
        return warning(
            what, "reports wait for their files", "mount it with a shorter cache of names (NFS: actimeo)"
        )
    return ok(what)


def _order(command: str, workers: list[str], **arguments: Any) -> dict[str, dict[str, Any]]:
    """Send an order to these workers; returns who answered, and what."""
    answers = app.control.broadcast(
        command, arguments=arguments, destination=workers, reply=True, timeout=ANSWER_S, limit=len(workers)
    )
    return {worker: answer for one in answers or () for worker, answer in one.items()}
