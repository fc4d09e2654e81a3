"""(a) Queries that park a job: its row and the result it owes, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.arrays import array
from db.crobot import LIVE_SQL
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
#: JSON comes as text, as it is stored
_TYPES = dict.fromkeys(("args", "kwargs", "request", "context", "options"), "json") | {
    "data": "jsonb",
    "stamps": "jsonb",
}


def _value(name: str) -> str:
    return f"CAST(:{name} AS {_TYPES[name]})" if name in _TYPES else f":{name}"


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
                CAST(:options AS json), :ignore_result, :chord_id, CAST(:stamps AS jsonb))
        ON CONFLICT (id) DO NOTHING
        RETURNING job_id)
    INSERT INTO crobot.jobs (id, {", ".join(_COLUMNS)}, available_at, expires_at)
    OVERRIDING SYSTEM VALUE
    SELECT job_id, {", ".join(map(_value, _COLUMNS))},{_TIMES.format(":")}
    FROM owed
    ON CONFLICT (unique_key) WHERE {LIVE_SQL} DO NOTHING
    RETURNING id, pg_notify('{CHANNEL}', ''), CAST(:stamps AS jsonb) IS NOT NULL OR EXISTS (
        SELECT FROM crobot.revoked r
        WHERE r.header = '' AND r.value = to_jsonb(CAST(:task_id AS text))) AS may_be_revoked"""
)

# Many rows at once: what each call has of its own comes as arrays, one a column, and what calls that are alike have in
# common once. A job whose unique_key a live one has is not made, and whoever sent it joins that one.
_PARK_EACH = """
    WITH own AS MATERIALIZED (
        -- the sequence is looked up once, and not for each row
        SELECT nextval((SELECT CAST(pg_get_serial_sequence('crobot.jobs', 'id') AS regclass))) AS job_id, o.*
        FROM unnest(CAST(:alike AS int[]), CAST(:settlement_id AS uuid[]), CAST(:task_id AS text[]),
                    CAST(:args AS json[]), CAST(:kwargs AS json[]), CAST(:request AS json[]), CAST(:context AS json[]),
                    CAST(:data AS jsonb[]), CAST(:tag AS text[]), CAST(:unique_key AS text[]),
                    CAST(:cache_key AS text[]), CAST(:options AS json[]), CAST(:stamps AS jsonb[]))
            AS o(alike, settlement_id, task_id, args, kwargs, request, context, data, tag, unique_key, cache_key,
                 options, stamps)),
    calls AS NOT MATERIALIZED (
        SELECT own.*, s.*
        FROM own JOIN json_to_recordset(:shared) AS s(
            number int, pipeline text, version text, type text, database text, batch text, user_id integer,
            workgroup text, priority smallint, traceparent text, cores smallint, memory_bytes bigint, disk_bytes bigint,
            time_limit_s integer, expected_s double precision, ignore_result boolean, chord_id text, eta text,
            countdown_s double precision, expires_at text, expires_s double precision) ON s.number = own.alike),
    made AS (
        INSERT INTO crobot.jobs (id, {columns}, available_at, expires_at)
        OVERRIDING SYSTEM VALUE
        SELECT job_id, {columns},{times}
        FROM calls ORDER BY job_id  -- of two that are the same, the first is made
        {unless}
        RETURNING id),
    owed AS (
        INSERT INTO crobot.settlements (id, task_id, job_id, options, ignore_result, chord_id, stamps)
        SELECT settlement_id, task_id, job_id, options, ignore_result, chord_id, stamps
        FROM calls JOIN made ON made.id = job_id)
    SELECT own.job_id, made.id IS NOT NULL AS created, own.stamps IS NOT NULL OR EXISTS (
               SELECT FROM crobot.revoked r
               WHERE r.header = '' AND r.value = to_jsonb(own.task_id)) AS may_be_revoked,
           (SELECT pg_notify('{channel}', ''))
    FROM own LEFT JOIN made ON made.id = own.job_id ORDER BY own.job_id"""


def _park_each(unless: str) -> Prepared:
    made = _PARK_EACH.format(
        columns=", ".join(_COLUMNS), times=_TIMES.format(""), unless=unless, channel=CHANNEL
    )
    return Prepared(made, json=("shared",))


_PARK_NEW = _park_each("")
_PARK_UNIQUE = _park_each(f"ON CONFLICT (unique_key) WHERE {LIVE_SQL} DO NOTHING")

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


def park_each(
    session: Session,
    shared: Sequence[dict[str, Any]],
    alike: Sequence[int],
    own: dict[str, Sequence[str | None]],
) -> list[Parked]:
    """Insert jobs, each unless a live one has its ``unique_key``: of such a job nothing is stored, its result neither.

    ``shared`` has columns that jobs have in common, as in `park`, and ``alike`` says for each job which of these it
    has; ``own`` has the other columns, each with the values of all jobs.

    Returns:
        What became of each, in order.
    """
    values: dict[str, Any] = {name: array(texts) for name, texts in own.items()}
    values |= {
        "alike": array(list(map(str, alike))),
        "shared": [one | {"number": number} for number, one in enumerate(shared)],
    }
    statement = _PARK_NEW if values["unique_key"] is None else _PARK_UNIQUE
    return [Parked(*row[:3]) for row in statement.rows(session, values)]
