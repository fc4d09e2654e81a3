"""(a) Jobs that end as soon as they are parked: they cannot work, or were revoked before they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crobot_errors import OutcomeKind
from db.crobot import JobState, jobs, revoking

#: what Celery says of a task that was revoked
REVOKED = "revoked"


@dataclass(frozen=True)
class Refused:
    """A job that was stored although it never begins, so that its end can be told to whoever waits for it."""

    job_id: int
    reason: str
    #: the species' database, if it has one
    database: str | None = None
    state: JobState = JobState.FAILED
    outcome: OutcomeKind = OutcomeKind.TOOL


def revoked(session: Any, task_ids: Sequence[str]) -> list[Refused]:
    """Return the jobs that were just parked, in the open transaction, under task ids or with stamps that are revoked.

    A send that joined a job leaves it, and gets one of its own. The caller ends them in the same transaction:
    `finish.refuse`.
    """
    found = revoking.revoked(session, task_ids)
    if not found:
        return []
    locked = jobs.lock(session, sorted({row.job_id for row in found}))
    left = revoking.leave(session, [job.id for job in locked], [row.task_id for row in found])
    # one that is not new was parked by an earlier try of this transaction, and is cancelled by `revoke.look_again`
    new = [job.id for job in locked if job.state == JobState.WAITING and job.id not in left.values()]
    database = jobs.databases(session, [*new, *left])
    return [
        Refused(one, REVOKED, database[one], JobState.CANCELLED, OutcomeKind.CANCELLED)
        for one in [*new, *left]
    ]
