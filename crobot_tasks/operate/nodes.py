"""What is known of a calculation node, for people and programs."""

from __future__ import annotations

from typing import Any

import celeryconfig


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
