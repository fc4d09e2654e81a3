"""(b) Queries of a dispatch: the nodes with what they hold, the jobs that wait, and the binding of one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.jsonb import to_json

# One dispatch at a time: free cores are shared state, and two heads that look at them at once would both use them.
_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtext('crobot.dispatch'))")

# A node is as free as its live attempts leave it: there is no counter that could go wrong.
_NODES = text("""
    SELECT n.name, n.cores, n.memory_bytes, n.disk_bytes, n.pipelines, n.missing,
           n.drained_at, n.drain_reason, n.lost_at, COALESCE(a.live, '[]'::jsonb) AS live
    FROM crobot.nodes n
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_array(a.cores, a.memory_bytes, j.expected_s)) AS live
        FROM crobot.attempts a JOIN crobot.jobs j ON j.id = a.job_id
        WHERE a.node = n.name AND a.ended_at IS NULL) a ON true
    ORDER BY n.name""")

# The kinds of waiting jobs are found by skipping through the index, and the first few of each are taken, so that a
# million jobs of one kind hide none of another. Jobs that no node could ever take are passed over for the same reason.
_WAITING = text("""
    WITH RECURSIVE kinds AS (
        (SELECT pipeline, version FROM crobot.jobs WHERE state = 'WAITING' ORDER BY pipeline, version LIMIT 1)
        UNION ALL
        SELECT next.pipeline, next.version FROM kinds k CROSS JOIN LATERAL (
            SELECT pipeline, version FROM crobot.jobs
            WHERE state = 'WAITING' AND (pipeline, version) > (k.pipeline, k.version)
            ORDER BY pipeline, version LIMIT 1) next)
    SELECT j.* FROM kinds k CROSS JOIN LATERAL (
        SELECT w.id, w.pipeline, w.version, w.priority, w.cores, w.memory_bytes, w.disk_bytes, w.expected_s, w.attempt,
               ARRAY(SELECT DISTINCT a.node FROM crobot.attempts a
                     WHERE a.job_id = w.id AND a.outcome NOT IN ('ok', 'tool', 'cancelled')) AS failed_on
        FROM crobot.jobs w
        WHERE w.state = 'WAITING' AND w.pipeline = k.pipeline AND w.version = k.version AND w.available_at <= now()
          AND (w.expires_at IS NULL OR w.expires_at > now())
          AND EXISTS (
              SELECT 1 FROM crobot.nodes n
              WHERE n.lost_at IS NULL AND n.drained_at IS NULL AND n.pipelines->>w.pipeline = w.version
                AND n.cores >= w.cores AND n.memory_bytes >= w.memory_bytes AND n.disk_bytes >= w.disk_bytes)
        ORDER BY w.priority, w.id LIMIT :limit) j
    ORDER BY j.priority, j.id""")

_ROUTE = text("""
    WITH placed AS (
        SELECT * FROM jsonb_to_recordset(CAST(:placements AS jsonb)) AS p(job_id bigint, node text, reason text)),
    routed AS (
        UPDATE crobot.jobs j
        SET state = 'ROUTED', attempt = j.attempt + 1, node = p.node
        FROM placed p WHERE j.id = p.job_id AND j.state = 'WAITING'
        RETURNING j.id, j.attempt, j.node, p.reason, j.pipeline, j.version, j.args, j.kwargs, j.tag, j.database, j.type,
                  j.cores, j.memory_bytes, j.disk_bytes, j.time_limit_s),
    attempts AS (
        INSERT INTO crobot.attempts (job_id, number, node, reason, cores, memory_bytes)
        SELECT id, attempt, node, reason, cores, memory_bytes FROM routed)
    SELECT * FROM routed ORDER BY id""")

_EXPIRED = text("""
    SELECT id FROM crobot.jobs WHERE state = 'WAITING' AND expires_at <= now() LIMIT :limit""")


def only_dispatch(session: Session) -> bool:
    """Become the only dispatch until the transaction ends; false if another head is at it."""
    return bool(session.execute(_LOCK).scalar())


def nodes(session: Session) -> Sequence[Row[Any]]:
    """Every node ever heard of, with cores, memory and typical seconds of each of its live attempts."""
    return session.execute(_NODES).all()


def waiting(session: Session, limit: int) -> Sequence[Row[Any]]:
    """The first ``limit`` jobs of each pipeline and version that may start now, in order, locked."""
    return session.execute(_WAITING, {"limit": limit}).all()


def route(session: Session, placements: Sequence[dict[str, Any]]) -> Sequence[Row[Any]]:
    """Bind jobs to nodes (``job_id``, ``node``, ``reason``) and open their attempts; returns what the messages need."""
    return session.execute(_ROUTE, {"placements": to_json(list(placements))}).all()


def expired(session: Session, limit: int = 100) -> Sequence[int]:
    """Waiting jobs whose time to begin is over."""
    return session.execute(_EXPIRED, {"limit": limit}).scalars().all()
