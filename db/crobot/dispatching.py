"""(b) Queries of a dispatch: the nodes and what runs on them, the waiting jobs, and the binding of one to the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.jsonb import as_json
from db.prepared import Prepared

#: jobs of a line that may start, among which smaller ones are looked for behind larger ones
LOOK = 1000

# Jobs of a line are told apart only by their age; the index of the waiting ones has this order.
_LINE = "priority, workgroup, user_id, pipeline, version, COALESCE(database, '')"
_THAT_LINE = "l.priority, l.workgroup, l.user_id, l.pipeline, l.version, l.database"

# Statistics from a moment when most jobs waited say that any look at the table soon finds one. So whatever asks for
# waiting jobs asks in the order of their index: without it, PostgreSQL would read all jobs to find that none waits.
_ANY_WAITING = (
    f"(SELECT true FROM crobot.jobs WHERE state = 'WAITING' AND held_at IS NULL ORDER BY {_LINE} LIMIT 1)"
)

# One dispatch at a time: free cores are shared state, and two heads that look at them at once would both use them.
_LOCK = Prepared(f"""
    SELECT pg_try_advisory_xact_lock(hashtext('crobot.dispatch')) AS only, EXTRACT(epoch FROM now()) AS now,
           COALESCE((SELECT dispatches FROM crobot.numbers), 0) AS dispatches,
           EXISTS (SELECT FROM crobot.pauses) AS paused,
           COALESCE((SELECT mark FROM crobot.storage WHERE id = 1), '') AS storage_mark,
           {_ANY_WAITING} IS NOT NULL AS waiting,
           EXISTS (SELECT FROM crobot.jobs WHERE state = 'WAITING' AND reserved_on IS NOT NULL) AS reserved""")

_NOW = text("SELECT EXTRACT(epoch FROM now())")

# What such jobs took lately is believed once there is a handful of them.
_EXPECTED = "COALESCE(t.run_s, j.expected_s)"
_TYPICAL = """LEFT JOIN crobot.typical t
      ON t.pipeline = j.pipeline AND t.version = j.version AND t.expected_s = j.expected_s AND t.samples >= 5"""

# A node is as free as its live attempts leave it: there is no counter that could go wrong. Each is looked up with its
# job by the indexes, to which OFFSET 0 keeps PostgreSQL, whatever statistics say of how many of them live.
_NODES = Prepared(f"""
    SELECT n.name, n.cores, n.memory_bytes, n.disk_bytes, n.pipelines, n.unavailable, n.tags,
           n.local_data, n.message_format,
           n.drained_at, n.drain_reason, n.quarantined_at, n.quarantine_reason, n.lost_at,
           COALESCE(l.live, '[]'::jsonb) AS live
    FROM crobot.nodes n
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(
                   j.id, a.cores, a.memory_bytes, j.disk_bytes, {_EXPECTED},
                   EXTRACT(epoch FROM COALESCE(a.started_at, a.routed_at)), j.workgroup, j.user_id)) AS live
        FROM (SELECT * FROM crobot.attempts WHERE node = n.name AND ended_at IS NULL OFFSET 0) a
        CROSS JOIN LATERAL (SELECT * FROM crobot.jobs WHERE id = a.job_id OFFSET 0) j {_TYPICAL}) l ON true
    ORDER BY n.name""")

# The lines are found by skipping through the index, so that a million jobs in one of them cost nothing.
_LINES = Prepared(f"""
    WITH RECURSIVE lines AS (
        (SELECT {_LINE} AS database FROM crobot.jobs
         WHERE state = 'WAITING' AND held_at IS NULL ORDER BY {_LINE} LIMIT 1)
        UNION ALL
        SELECT next.* FROM lines l CROSS JOIN LATERAL (
            SELECT {_LINE} AS database FROM crobot.jobs
            WHERE state = 'WAITING' AND held_at IS NULL AND ({_LINE}) > ({_THAT_LINE})
            ORDER BY {_LINE} LIMIT 1) next)
    SELECT * FROM lines""")

# An attempt that began and was lost may have been the job's fault; what never began was nobody's.
_DEATHS = """
    CASE WHEN j.attempt < 2 THEN 0 ELSE (
        SELECT count(*) FROM crobot.attempts a
        WHERE a.job_id = j.id AND a.outcome = 'node_lost' AND a.started_at IS NOT NULL) END"""

_JOB = f"""
    SELECT j.id, j.pipeline, j.version, j.priority, j.cores, j.memory_bytes, j.disk_bytes, j.database, j.workgroup,
           j.user_id, j.data, j.reserved_on, j.delayed_s, {_EXPECTED} AS expected_s, {_DEATHS} AS deaths,
           EXTRACT(epoch FROM GREATEST(j.sent_at, j.available_at)) AS waiting_since,
           CASE WHEN j.attempt = 0 THEN '{{}}' ELSE ARRAY(
               SELECT DISTINCT a.node FROM crobot.attempts a
               WHERE a.job_id = j.id AND a.outcome IN ('node_lost', 'node_broken', 'disk_full')) END AS failed_on"""

_OF_LINES = """
    FROM json_to_recordset(:lines) AS l(
        priority smallint, workgroup text, user_id int, pipeline text, version text, database text,
        cores int, memory_bytes bigint, disk_bytes bigint)"""
# Jobs that may not start yet, or are too large for any node that could do them, are passed over however many they are:
# the index has all that this needs, so that a hundred thousand of them cost some milliseconds and hide nothing.
_MAY_START = f"""
    SELECT * FROM crobot.jobs
    WHERE state = 'WAITING' AND held_at IS NULL AND ({_LINE}) = ({_THAT_LINE})
      AND available_at <= now() AND (expires_at IS NULL OR expires_at > now())
      AND cores <= l.cores AND memory_bytes <= l.memory_bytes AND disk_bytes <= l.disk_bytes
    ORDER BY id"""

_WAITING = Prepared(
    f"""
    {_JOB} {_OF_LINES} CROSS JOIN LATERAL ({_MAY_START} LIMIT :limit) j {_TYPICAL}""",
    json=("lines",),
)

_WAITING_BEHIND = text(f"""
    {_JOB} {_OF_LINES} CROSS JOIN LATERAL (
        SELECT n.* FROM (
            SELECT w.*, row_number() OVER (PARTITION BY w.cores, w.memory_bytes, w.disk_bytes ORDER BY w.id) AS place
            FROM ({_MAY_START} LIMIT {LOOK}) w) n
        WHERE n.place <= :limit) j {_TYPICAL}""").bindparams(*as_json("lines"))

# Whoever has a node reserved is looked at in every dispatch, or the node would be given away meanwhile. These jobs are
# few and have an index of their own, to which OFFSET 0 keeps PostgreSQL: it would go through all that wait.
_RESERVED = text(f"""
    {_JOB}
    FROM (SELECT * FROM crobot.jobs WHERE state = 'WAITING' AND reserved_on IS NOT NULL OFFSET 0) j {_TYPICAL}
    WHERE j.held_at IS NULL AND j.available_at <= now() AND (j.expires_at IS NULL OR j.expires_at > now())""")

# What decides where a job may run, whatever its state; people ask for past ones, too. What may stop any job comes with
# it: whoever has just sent one asks for nothing else.
_SEEN = f"""
    {_JOB}, j.state, j.node, j.outcome, j.message, j.attempt, j.held_at, j.hold_reason, j.available_at, j.sent_at,
           EXTRACT(epoch FROM j.available_at - now()) AS available_in_s, EXTRACT(epoch FROM now()) AS now,
           (SELECT EXTRACT(epoch FROM now() - heartbeats_read_at) FROM crobot.monitoring) AS heartbeats_read_s_ago,
           (SELECT jsonb_agg(jsonb_build_object('kind', kind, 'name', name, 'reason', reason))
            FROM crobot.pauses) AS pauses"""
_SEEN_EACH = text(f"{_SEEN} FROM crobot.all_jobs j {_TYPICAL} WHERE j.id = ANY(:job_ids) ORDER BY j.id")
# With the past jobs, PostgreSQL makes a plan for each execution, and that takes ten times as long.
_SEEN_LIVE = Prepared(f"{_SEEN} FROM crobot.jobs j {_TYPICAL} WHERE j.id = :job_id")

_OWN_AHEAD = text("""
    SELECT count(*) FROM (
        SELECT FROM crobot.jobs o JOIN crobot.jobs j ON j.id = :job_id
        WHERE o.state = 'WAITING' AND o.held_at IS NULL AND o.workgroup = j.workgroup
          AND o.user_id = j.user_id AND (o.priority, o.id) < (j.priority, j.id)
        LIMIT :most) own""")

_RESERVE = text("""
    UPDATE crobot.jobs j SET reserved_on = r.node, delayed_s = r.delayed_s
    FROM (SELECT w.id, p.node, COALESCE(p.delayed_s, w.delayed_s) AS delayed_s FROM crobot.jobs w
          LEFT JOIN json_to_recordset(:reservations) AS p(job_id bigint, node text, delayed_s float) ON p.job_id = w.id
          WHERE w.state = 'WAITING' AND w.id = ANY(:job_ids)) r
    WHERE j.id = r.id AND (j.reserved_on, j.delayed_s) IS DISTINCT FROM (r.node, r.delayed_s)""").bindparams(
    *as_json("reservations")
)

_SUSPECTS = text("""
    SELECT count(*) FROM crobot.attempts l
    WHERE l.ended_at IS NULL AND l.number > :deaths AND (
        SELECT count(*) FROM crobot.attempts a
        WHERE a.job_id = l.job_id AND a.outcome = 'node_lost' AND a.started_at IS NOT NULL) >= :deaths""")

# An attempt that a database from a backup has forgotten may still be at work: its number is not given again.
_ROUTE = Prepared(
    """
    WITH placed AS (
        SELECT * FROM json_to_recordset(:placements) AS p(job_id bigint, node text, reason text)),
    counted AS (
        INSERT INTO crobot.numbers AS n (id, dispatches) VALUES (1, 1)
        ON CONFLICT (id) DO UPDATE SET dispatches = n.dispatches + 1
        RETURNING unsure_to, attempt_floor),
    routed AS (
        UPDATE crobot.jobs j
        SET state = 'ROUTED', node = p.node, reserved_on = NULL, delayed_s = 0,
            attempt = CASE WHEN j.id > c.unsure_to THEN j.attempt ELSE GREATEST(j.attempt, c.attempt_floor) END + 1
        FROM placed p, counted c WHERE j.id = p.job_id AND j.state = 'WAITING' AND j.held_at IS NULL
        RETURNING j.id, j.attempt, j.node, p.reason, j.pipeline, j.version, j.args, j.kwargs, j.tag, j.database, j.type,
                  j.cores, j.memory_bytes, j.disk_bytes, j.time_limit_s, j.data, j.request, j.traceparent,
                  j.context->'chosen' AS chosen),
    attempts AS (
        INSERT INTO crobot.attempts (job_id, number, node, reason, cores, memory_bytes)
        SELECT id, attempt, node, reason, cores, memory_bytes FROM routed)
    SELECT routed.*, (SELECT s.options FROM crobot.settlements s
                      WHERE s.job_id = routed.id AND s.task_id = routed.request->>'id' LIMIT 1) AS canvas
    FROM routed ORDER BY id""",
    json=("placements",),
)

_EXPIRED = text("""
    SELECT id FROM crobot.jobs WHERE state = 'WAITING' AND expires_at <= now() LIMIT :limit""")

_PAUSES = text("SELECT kind, name, reason, paused_at FROM crobot.pauses ORDER BY kind, name")


@dataclass(frozen=True)
class Line:
    """Waiting jobs that only their age tells apart, and the most that a node has for them."""

    priority: int
    workgroup: str
    user_id: int
    pipeline: str
    version: str
    #: the species; empty: none
    database: str = ""
    cores: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0


def now(session: Session) -> float:
    """The database's time, in seconds of the epoch."""
    return float(session.execute(_NOW).scalar_one())


@dataclass(frozen=True)
class Beginning:
    """What a dispatch knows from the start, and so need not ask for."""

    #: the database's time, in seconds of the epoch
    now: float
    #: how many dispatches have routed something
    dispatches: int
    #: whether anything is paused
    paused: bool
    #: whether any job waits that is not held; without one, there is nothing to ask the nodes for
    waiting: bool
    #: whether any job has a node reserved
    reserved: bool
    #: of the storage that the heads work with; empty before a head has ever used it
    storage_mark: str


def only_dispatch(session: Session) -> Beginning | None:
    """Become the only dispatch until the transaction ends; None if another is at it."""
    (row,) = _LOCK.rows(session)
    if not row.only:
        return None
    return Beginning(float(row.now), row.dispatches, row.paused, row.waiting, row.reserved, row.storage_mark)


def nodes(session: Session) -> Sequence[Any]:
    """Every node ever heard of, with what each of its live attempts takes."""
    return _NODES.rows(session)


def lines(session: Session) -> list[Line]:
    """The lines of jobs that wait and are not held, the most urgent first."""
    return [Line(*row) for row in _LINES.rows(session)]


def waiting(session: Session, lines: Iterable[Line], limit: int) -> Sequence[Any]:
    """The first ``limit`` jobs of each line that may start now and fit its largest node."""
    return _WAITING.rows(session, _values(lines, limit))


def waiting_behind(session: Session, lines: Iterable[Line], limit: int) -> Sequence[Row[Any]]:
    """The same of each size of job that is found among the first `LOOK` of them in a line."""
    return session.execute(_WAITING_BEHIND, _values(lines, limit)).all()


def _values(lines: Iterable[Line], limit: int) -> dict[str, Any]:
    return {"lines": [vars(line) for line in lines], "limit": limit}


def reserved(session: Session) -> Sequence[Row[Any]]:
    """Waiting jobs that have a node reserved."""
    return session.execute(_RESERVED).all()


def seen(session: Session, job_ids: Iterable[int]) -> Sequence[Any]:
    """What decides about these jobs, each with the time, since when no head heard the nodes, and what is paused."""
    wanted = list(job_ids)
    if len(wanted) == 1 and (live := _SEEN_LIVE.rows(session, {"job_id": wanted[0]})):
        return live
    return session.execute(_SEEN_EACH, {"job_ids": wanted}).all()


def own_ahead(session: Session, job_id: int, most: int = 10_000) -> int:
    """How many waiting jobs of the same owner come before this one, at most ``most``."""
    return int(session.execute(_OWN_AHEAD, {"job_id": job_id, "most": most}).scalar_one())


def reserve(session: Session, job_ids: Iterable[int], reservations: Sequence[dict[str, Any]]) -> None:
    """Note which of these waiting jobs have a node reserved, and which do not.

    A reservation is a ``job_id``, its ``node`` and ``delayed_s``.
    """
    session.execute(_RESERVE, {"job_ids": list(job_ids), "reservations": list(reservations)})


def suspects_live(session: Session, deaths: int) -> int:
    """How many live attempts belong to jobs that lost ``deaths`` processes or nodes before."""
    return int(session.execute(_SUSPECTS, {"deaths": deaths}).scalar_one())


def route(session: Session, placements: Sequence[dict[str, Any]]) -> Sequence[Any]:
    """Bind jobs to nodes (``job_id``, ``node``, ``reason``) and open their attempts; returns what the messages need."""
    return _ROUTE.rows(session, {"placements": list(placements)})


def expired(session: Session, limit: int = 100) -> Sequence[int]:
    """Waiting jobs whose time to begin is over."""
    return session.execute(_EXPIRED, {"limit": limit}).scalars().all()


def pauses(session: Session) -> Sequence[Row[Any]]:
    """What is not dispatched for now: ``kind`` (pipeline, species, all), ``name``, ``reason``, ``paused_at``."""
    return session.execute(_PAUSES).all()
