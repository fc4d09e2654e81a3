"""Analyses of users as people and pages see them: how one stands, and what it found."""

from __future__ import annotations

from typing import Any

from db.system import UserPreference


def described(row: UserPreference) -> dict[str, Any]:
    """Return what is known of an analysis."""
    data = row.data
    return {
        "id": row.id,
        "type": row.type,
        "name": row.name,
        "species": row.database,
        "user": row.user_id,
        "state": "complete" if "complete" in data else "failed" if "failed" in data else "queued",
        "job": data.get("job_id"),
        "error": data.get("error"),
        "created": data.get("date_created"),
        "modified": data.get("date_modified"),
        "data": data,
    }
