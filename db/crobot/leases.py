"""(f) Queries on heartbeats and leases: the attempts that a node names against those that it should have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.jsonb import as_json

# A late heartbeat of an earlier incarnation, or one that overtook another, has nothing new. Incarnations grow;
# one that does not (the node lost its disk and its clock) is believed once the old one has been silent for a while.
_HEARTBEAT = text("""
    INSERT INTO crobot.nodes AS n
        (name, incarnation, beat, cores, memory_bytes, disk_bytes, pipelines, unavailable, tags, local_data,
         message_format, queued, pending_reports, software)
    VALUES (:name, :incarnation, :beat, :cores, :memory_bytes, :disk_bytes, :pipelines,
            :unavailable, :tags, COALESCE(CAST(:local_data AS jsonb), '[]'),
            :message_format, :queued, :pending_reports, :software)
    ON CONFLICT (name) DO UPDATE
    SET incarnation = excluded.incarnation, beat = excluded.beat, cores = excluded.cores,
        memory_bytes = excluded.memory_bytes, disk_bytes = excluded.disk_bytes,
        pipelines = excluded.pipelines, unavailable = excluded.unavailable, tags = excluded.tags,
        local_data = COALESCE(CAST(:local_data AS jsonb), n.local_data), message_format = excluded.message_format,
        queued = excluded.queued, pending_reports = excluded.pending_reports,
        software = excluded.software, heartbeat_at = now(), lost_at = NULL
    WHERE n.incarnation < excluded.incarnation OR (n.incarnation = excluded.incarnation AND n.beat < excluded.beat)
       OR n.heartbeat_at < now() - interval '30 seconds'
    RETURNING n.name""").bindparams(*as_json("pipelines", "unavailable", "tags", "local_data"))

# An attempt that began in an earlier incarnation of the node ended with that, unless the node still has its report.
_OF_EARLIER_INCARNATIONS = text("""
    SELECT job_id, number FROM crobot.attempts
    WHERE node = :name AND ended_at IS NULL AND incarnation <> '' AND incarnation < :incarnation
      AND NOT (job_id || '.' || number) = ANY(:known)""")

# Live here, but the node does not know it, and has nothing left in its queue or has begun what was sent after it:
# either the message or the process is gone. The first heartbeat that says so starts a clock, since the message may
# have been on its way. How far the node has come is the latest routing of all that it ever began, which is one entry
# of an index.
_MISSING = text("""
    UPDATE crobot.attempts a
    SET missing_since = CASE WHEN u.unknown THEN COALESCE(a.missing_since, now()) END
    FROM (SELECT m.job_id, m.number, NOT (m.job_id || '.' || m.number) = ANY(:known) AND (
                 :queued = 0 OR m.routed_at < (
                     SELECT max(routed_at) FROM crobot.attempts WHERE node = :name AND started_at IS NOT NULL)
                   - make_interval(secs => :grace_s)) AS unknown
          FROM crobot.attempts m WHERE m.node = :name AND m.ended_at IS NULL) u
    WHERE a.job_id = u.job_id AND a.number = u.number AND a.ended_at IS NULL
      AND (u.unknown OR a.missing_since IS NOT NULL)
    RETURNING a.job_id, a.number, a.missing_since < now() - make_interval(secs => :grace_s) AS gone""")

# For a heartbeat that is read late: what it does not name may have come to the node since.
_CLEAR_MISSING = text("""
    UPDATE crobot.attempts SET missing_since = NULL
    WHERE node = :name AND ended_at IS NULL AND missing_since IS NOT NULL""")

_UP = text("SELECT count(*) FROM crobot.nodes WHERE lost_at IS NULL")

# What runs on the node but should not: ended here, or somebody cancelled it.
_UNWANTED = text("""
    SELECT h.id FROM unnest(CAST(:running AS text[])) AS h(id)
    LEFT JOIN crobot.attempts a
      ON a.job_id = CAST(split_part(h.id, '.', 1) AS bigint) AND a.number = CAST(split_part(h.id, '.', 2) AS smallint)
    LEFT JOIN crobot.jobs j ON j.id = a.job_id
    WHERE a.job_id IS NULL OR a.node <> :name OR j.cancel_requested_at IS NOT NULL
       -- one that its own report has ended is over: this message was only read after that report
       OR (a.ended_at IS NOT NULL AND a.outcome IN ('node_lost', 'cancelled'))""")

# A gap (no head, no beat, no broker, no database) starts the time without a gap anew.
_HEARTBEATS_READ = text("""
    INSERT INTO crobot.monitoring AS m (id) VALUES (1)
    ON CONFLICT (id) DO UPDATE
    SET heartbeats_read_at = now(),
        heartbeats_since = CASE WHEN m.heartbeats_read_at < now() - make_interval(secs => :gap_s)
                           THEN now() ELSE m.heartbeats_since END
    RETURNING m.heartbeats_since <= now() - make_interval(secs => :lease_s) AS long_enough""")

_SILENT = text("""
    UPDATE crobot.nodes SET lost_at = now()
    WHERE lost_at IS NULL AND heartbeat_at < now() - make_interval(secs => :lease_s)
    RETURNING name""")

_ON_LOST_NODES = text("""
    SELECT a.job_id, a.number, a.node FROM crobot.attempts a JOIN crobot.nodes n ON n.name = a.node
    WHERE a.ended_at IS NULL AND n.lost_at <= now() - make_interval(secs => :silent_s)""")

# Failures that the node itself reported, of several jobs, with no success between them. What ended for other reasons
# says nothing; neither does what a head ended because the node was silent.
_FAILING = text("""
    SELECT n.name, f.failures, f.message FROM crobot.nodes n CROSS JOIN LATERAL (
        SELECT count(*) AS failures, count(DISTINCT l.job_id) AS jobs,
               bool_and(l.outcome NOT IN ('ok', 'tool')) AS all_bad,
               (array_agg(l.message ORDER BY l.ended_at DESC))[1] AS message
        FROM (SELECT a.job_id, a.outcome, a.message, a.ended_at FROM crobot.attempts a
              WHERE a.node = n.name AND a.ended_at > n.trusted_at AND NOT a.by_head
                AND a.outcome IN ('ok', 'tool', 'node_broken', 'disk_full', 'node_lost')
              ORDER BY a.ended_at DESC LIMIT :failures) l) f
    WHERE n.lost_at IS NULL AND n.quarantined_at IS NULL
      AND f.failures >= :failures AND f.all_bad AND f.jobs >= LEAST(:failures, 2)""")
_QUARANTINE = text("""
    UPDATE crobot.nodes SET quarantined_at = now(), quarantine_reason = :reason
    WHERE name = :name AND quarantined_at IS NULL""")

_DRAIN = text("""
    UPDATE crobot.nodes SET drained_at = now(), drain_reason = :reason WHERE name = :name RETURNING name""")
_FORGET = text("""
    DELETE FROM crobot.nodes n WHERE name = :name AND lost_at IS NOT NULL
      AND NOT EXISTS (SELECT FROM crobot.attempts a WHERE a.node = n.name AND a.ended_at IS NULL)
    RETURNING name""")
_RESUME = text("""
    UPDATE crobot.nodes
    SET drained_at = NULL, drain_reason = '', quarantined_at = NULL, quarantine_reason = '', trusted_at = now()
    WHERE name = :name RETURNING name""")


def heartbeat(session: Session, node: dict[str, Any]) -> bool:
    """Store what a node says of itself; false if a newer heartbeat is known."""
    return session.execute(_HEARTBEAT, node).scalar() is not None


def of_earlier_incarnations(
    session: Session, name: str, incarnation: str, known: Sequence[str]
) -> list[tuple[int, int]]:
    """(Job id, number) of live attempts of an earlier incarnation of the node, which no longer knows them."""
    rows = session.execute(
        _OF_EARLIER_INCARNATIONS, {"name": name, "incarnation": incarnation, "known": list(known)}
    )
    return [(row.job_id, row.number) for row in rows]


def missing(
    session: Session, name: str, known: Sequence[str], queued: int, grace_s: float
) -> list[tuple[int, int]]:
    """Live attempts that the node has not known for ``grace_s`` although it took all that was sent before them."""
    rows = session.execute(
        _MISSING, {"name": name, "known": list(known), "queued": queued, "grace_s": grace_s}
    )
    return [(row.job_id, row.number) for row in rows if row.gone]


def clear_missing(session: Session, name: str) -> None:
    """Count none of the node's attempts as missing: start anew with the next heartbeat."""
    session.execute(_CLEAR_MISSING, {"name": name})


def nodes_up(session: Session) -> int:
    """How many nodes are not lost."""
    return int(session.execute(_UP).scalar_one())


def unwanted(session: Session, name: str, running: Sequence[str]) -> Sequence[str]:
    """Those of the attempts running on the node that are to be stopped."""
    return session.execute(_UNWANTED, {"name": name, "running": list(running)}).scalars().all()


def note_heartbeats_read(session: Session, gap_s: float, lease_s: float) -> bool:
    """Note that all earlier heartbeats have been read; true if that has been so for a lease's length."""
    return bool(session.execute(_HEARTBEATS_READ, {"gap_s": gap_s, "lease_s": lease_s}).scalar())


def silent(session: Session, lease_s: float) -> Sequence[str]:
    """Mark nodes lost that have sent no heartbeat for ``lease_s``; returns the newly lost ones."""
    return session.execute(_SILENT, {"lease_s": lease_s}).scalars().all()


def on_lost_nodes(session: Session, silent_s: float) -> Sequence[Row[Any]]:
    """Live attempts on nodes that were found silent ``silent_s`` seconds ago or earlier."""
    return session.execute(_ON_LOST_NODES, {"silent_s": silent_s}).all()


def failing(session: Session, failures: int) -> Sequence[Row[Any]]:
    """Nodes whose last ``failures`` attempts all failed for the node's reason: ``name``, the latest ``message``."""
    return session.execute(_FAILING, {"failures": failures}).all()


def quarantine(session: Session, name: str, reason: str) -> None:
    """Give the node no new jobs until an operator resumes it."""
    session.execute(_QUARANTINE, {"name": name, "reason": reason})


def drain(session: Session, name: str, reason: str) -> bool:
    """Give the node no new jobs; false if there is no such node."""
    return session.execute(_DRAIN, {"name": name, "reason": reason}).scalar() is not None


def resume(session: Session, name: str) -> bool:
    """Give a drained or quarantined node jobs again, and forgive its failures; false if there is no such node."""
    return session.execute(_RESUME, {"name": name}).scalar() is not None


def forget(session: Session, name: str) -> bool:
    """Forget a lost node without live attempts; false if it is none."""
    return session.execute(_FORGET, {"name": name}).scalar() is not None
