"""(a) Queries that park a job: its row and the result it owes, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL
from db.jsonb import as_json

#: PostgreSQL channel on which the heads hear that there is something to dispatch
CHANNEL = "crobot_dispatch"


@dataclass(frozen=True)
class Parked:
    """What became of a send."""

    job_id: int
    #: false if a live job for the same thing, or this very task id, was there already
    created: bool


_COLUMNS = (
    "pipeline version type tag database batch user_id workgroup priority args kwargs request context cores memory_bytes"
    " disk_bytes time_limit_s expected_s data unique_key cache_key"
).split()
_JSON = ("args", "kwargs", "request", "context", "data", "options")

# One round trip for the usual case. The settlement's primary key holds back a second copy of the same send;
# the partial unique index on unique_key finds the live job for the same thing.
_PARK = text(f"""
    WITH owed AS (
        INSERT INTO crobot.settlements (task_id, job_id, options, ignore_result, chord_id)
        VALUES (:task_id, nextval(pg_get_serial_sequence('crobot.jobs', 'id')), :options, :ignore_result,
                :chord_id)
        ON CONFLICT (task_id) DO NOTHING
        RETURNING job_id)
    INSERT INTO crobot.jobs (id, {", ".join(_COLUMNS)}, available_at, expires_at)
    OVERRIDING SYSTEM VALUE
    SELECT job_id, {", ".join(f":{name}" for name in _COLUMNS)},
           COALESCE(CAST(:eta AS timestamptz), now()) + make_interval(secs => :countdown_s),
           COALESCE(CAST(:expires_at AS timestamptz),
                    now() + make_interval(secs => CAST(:expires_s AS double precision)))
    FROM owed
    ON CONFLICT (unique_key) WHERE {LIVE_SQL} DO NOTHING
    RETURNING id, pg_notify('{CHANNEL}', '')""").bindparams(*as_json(*_JSON))

_OWNER = text("""
    SELECT s.job_id, j.id IS NOT NULL AS has_job
    FROM crobot.settlements s LEFT JOIN crobot.jobs j ON j.id = s.job_id
    WHERE s.task_id = :task_id""")

# Waits for a transaction that is just ending that job, and then finds it live no longer.
_LIVE_TWIN = text(f"SELECT id FROM crobot.jobs WHERE unique_key = :unique_key AND {LIVE_SQL} FOR SHARE")

_JOIN = text("UPDATE crobot.settlements SET job_id = :job_id WHERE task_id = :task_id")
_DROP = text("DELETE FROM crobot.settlements WHERE task_id = :task_id")


def park(session: Session, row: dict[str, Any]) -> Parked:
    """Insert the job, or join the live job for the same thing.

    ``row`` has the columns of `crobot.jobs` that the sender decides, and ``task_id``, ``options``, ``ignore_result``,
    ``eta``, ``countdown_s``, ``expires_at``, ``expires_s``.
    """
    while True:
        created = session.execute(_PARK, row).scalar()
        if created is not None:
            return Parked(created, True)
        owner = session.execute(_OWNER, row).one()
        if owner.has_job:
            return Parked(owner.job_id, False)
        twin = session.execute(_LIVE_TWIN, row).scalar()
        if twin is not None:
            session.execute(_JOIN, {"job_id": twin, "task_id": row["task_id"]})
            return Parked(twin, False)
        # the twin ended between the two statements: there is nothing to join any more
        session.execute(_DROP, row)
