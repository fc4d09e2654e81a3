"""What is known of a calculation node, for people and programs, and whether it gets jobs."""

from __future__ import annotations

from typing import Any

import celeryconfig
from crobot_tasks.operate import forget
from db.crobot import jobs, leases, parking
from db.engine import notify


def drain(session: Any, name: str, reason: str) -> int:
    """Give a node no new jobs; return how many it finishes.

    Raises:
        UnknownNode: no node of this name is known.
    """
    if not leases.drain(session, name, reason):
        raise forget.unknown(session, name)
    return next(int(row.live) for row in jobs.nodes(session) if row.name == name)


def resume(session: Any, name: str) -> None:
    """Give a drained or quarantined node jobs again; what failed there before is forgiven.

    Raises:
        UnknownNode: no node of this name is known.
    """
    if not leases.resume(session, name):
        raise forget.unknown(session, name)
    notify(session, parking.CHANNEL)


def describe(row: Any) -> dict[str, Any]:
    """Return what is known of a node."""
    return {
        "name": row.name,
        "state": _state(row),
        "drain_reason": row.drain_reason or None,
        "quarantine_reason": row.quarantine_reason or None,
        "drained_at": row.drained_at,
        "quarantined_at": row.quarantined_at,
        "cores": row.cores,
        "cores_used": int(row.cores_used),
        "memory_bytes": row.memory_bytes,
        "free_disk_bytes": row.disk_bytes,
        "live_attempts": row.live,
        "pending_reports": row.pending_reports,
        "pipelines": row.pipelines,
        "unavailable": row.unavailable,
        "heard_s_ago": round(float(row.silent_s), 1),
        "heartbeat_at": row.heartbeat_at,
        "first_seen_at": row.first_seen_at,
        "software": row.software,
    }


def _state(row: Any) -> str:
    if row.lost_at or row.silent_s > celeryconfig.crobot_lease_s:
        return "silent"
    if row.quarantined_at:
        return "quarantined"
    return "drained" if row.drained_at else "up"
