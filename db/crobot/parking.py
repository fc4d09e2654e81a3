"""(a) Queries that park a job: its row and the result it owes, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL
from db.engine import notify
from db.jsonb import as_json
from db.prepared import Prepared

#: PostgreSQL channel on which the heads hear that there is something to dispatch
CHANNEL = "crobot_dispatch"


@dataclass(frozen=True)
class Parked:
    """What became of a send."""

    job_id: int
    #: false if a live job for the same thing, or this very send, was there already
    created: bool
    #: false if neither its task id is revoked nor it has stamps, of which one may be
    may_be_revoked: bool = True


_COLUMNS = (
    "pipeline version type tag database batch user_id workgroup priority args kwargs request traceparent context cores"
    " memory_bytes disk_bytes time_limit_s expected_s data unique_key cache_key"
).split()
_JSON = ("args", "kwargs", "request", "context", "data", "options", "stamps")
_TIMES = """
           COALESCE(CAST({0}eta AS timestamptz), now()) + make_interval(secs => {0}countdown_s),
           COALESCE(CAST({0}expires_at AS timestamptz),
                    now() + make_interval(secs => CAST({0}expires_s AS double precision)))"""

# One round trip for the usual case, in which nothing is revoked. The settlement's primary key holds back a transaction
# that is repeated since its commit was not answered; the partial unique index on unique_key finds the live job for the
# same thing.
_PARK = Prepared(
    f"""
    WITH owed AS (
        INSERT INTO crobot.settlements (id, task_id, job_id, options, ignore_result, chord_id, stamps)
        VALUES (CAST(:settlement_id AS uuid), :task_id, nextval(pg_get_serial_sequence('crobot.jobs', 'id')),
                :options, :ignore_result, :chord_id, :stamps)
        ON CONFLICT (id) DO NOTHING
        RETURNING job_id)
    INSERT INTO crobot.jobs (id, {", ".join(_COLUMNS)}, available_at, expires_at)
    OVERRIDING SYSTEM VALUE
    SELECT job_id, {", ".join(f":{name}" for name in _COLUMNS)},{_TIMES.format(":")}
    FROM owed
    ON CONFLICT (unique_key) WHERE {LIVE_SQL} DO NOTHING
    RETURNING id, pg_notify('{CHANNEL}', ''), CAST(:stamps AS jsonb) IS NOT NULL OR EXISTS (
        SELECT FROM crobot.revoked r
        WHERE r.header = '' AND r.value = to_jsonb(CAST(:task_id AS text))) AS may_be_revoked""",
    json=_JSON,
)

# Columns as the statement above has them, but many rows at once, of jobs that are like no other.
_PARK_EACH = text(f"""
    WITH calls AS MATERIALIZED (
        SELECT nextval(pg_get_serial_sequence('crobot.jobs', 'id')) AS job_id, r.*
        FROM json_to_recordset(:rows) AS r(
            settlement_id uuid, task_id text, options json, ignore_result boolean, chord_id text, stamps jsonb,
            eta text, countdown_s double precision, expires_at text, expires_s double precision, pipeline text,
            version text, type text, tag text, database text, batch text, user_id integer, workgroup text,
            priority smallint, args json, kwargs json, request json, traceparent text, context json, cores smallint,
            memory_bytes bigint, disk_bytes bigint, time_limit_s integer, expected_s double precision, data jsonb,
            unique_key text, cache_key text)),
    owed AS (
        INSERT INTO crobot.settlements (id, task_id, job_id, options, ignore_result, chord_id, stamps)
        SELECT settlement_id, task_id, job_id, options, ignore_result, chord_id, stamps FROM calls)
    INSERT INTO crobot.jobs (id, {", ".join(_COLUMNS)}, available_at, expires_at)
    OVERRIDING SYSTEM VALUE
    SELECT job_id, {", ".join(_COLUMNS)},{_TIMES.format("")}
    FROM calls""").bindparams(*as_json("rows"))

_OWNER = text("""
    SELECT s.job_id, j.id IS NOT NULL AS has_job
    FROM crobot.settlements s LEFT JOIN crobot.jobs j ON j.id = s.job_id
    WHERE s.id = CAST(:settlement_id AS uuid)""")

# Waits for a transaction that is just ending that job, and then finds it live no longer.
_LIVE_TWIN = text(f"SELECT id FROM crobot.jobs WHERE unique_key = :unique_key AND {LIVE_SQL} FOR SHARE")

_JOIN = text("UPDATE crobot.settlements SET job_id = :job_id WHERE id = CAST(:settlement_id AS uuid)")
_DROP = text("DELETE FROM crobot.settlements WHERE id = CAST(:settlement_id AS uuid)")


def park(session: Session, row: dict[str, Any]) -> Parked:
    """Insert the job, or join the live job for the same thing.

    ``row`` has the columns of `crobot.jobs` that the sender decides, and ``settlement_id``, ``task_id``, ``options``,
    ``ignore_result``, ``chord_id``, ``stamps``, ``eta``, ``countdown_s``, ``expires_at``, ``expires_s``.
    """
    while True:
        if created := _PARK.rows(session, row):
            return Parked(created[0].id, True, created[0].may_be_revoked)
        owner = session.execute(_OWNER, row).one()
        if owner.has_job:
            return Parked(owner.job_id, False)
        twin = session.execute(_LIVE_TWIN, row).scalar()
        if twin is not None:
            session.execute(_JOIN, {"job_id": twin, "settlement_id": row["settlement_id"]})
            return Parked(twin, False)
        # the twin ended between the two statements: there is nothing to join any more
        session.execute(_DROP, row)


def park_each(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert jobs without ``unique_key``, each by a row as in `park`, with its times as texts."""
    session.execute(_PARK_EACH, {"rows": list(rows)})
    notify(session, CHANNEL)
