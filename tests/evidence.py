"""What a failed test leaves to be read: the jobs that still live and why, and the last words of the processes."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError

from crobot_errors import DatabaseUnreachable
from crobot_tasks.operate.explain import explain
from tests.processes import Process, query

#: jobs told, and last lines of each log
JOBS, LINES = 10, 300
#: Celery's workers write the stacks of their threads into the log within this time
STACKS_S = 1.0
_LIVE = "SELECT id FROM crobot.jobs WHERE finished_at IS NULL ORDER BY id LIMIT :jobs"
_ATTEMPTS = "SELECT to_jsonb(a)::text FROM crobot.attempts a WHERE job_id = :id ORDER BY number"


def left() -> Iterator[tuple[str, str]]:
    """Yield a title and a text for each thing worth reading, as pytest prints them below a failure."""
    running = [process for process in Process.started if process.runs()]
    if not running:
        return
    try:
        yield f"jobs that live at {time.strftime('%H:%M:%S')}", "\n".join(_jobs())
    except (DatabaseUnreachable, DBAPIError) as error:  # the database may be what failed
        yield "jobs that live", f"unknown: {error}"
    for process in running:
        if {"head", "node"} & set(process.arguments):
            process.kill(signal.SIGUSR1, whole_group=False)
    time.sleep(STACKS_S)
    for process in running:
        yield f"the end of {process.log}", "\n".join(process.text().splitlines()[-LINES:])


def _jobs() -> Iterator[str]:
    for row in query(_LIVE, jobs=JOBS):
        told = explain(row.id)
        yield f"job {row.id} is {told.state}: {told.why} {told.nodes or ''}"
        yield from (f"    {attempt}" for (attempt,) in query(_ATTEMPTS, id=row.id))
