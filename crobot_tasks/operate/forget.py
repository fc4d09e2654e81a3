"""Forgetting a node that will not come back: it is listed no longer; its attempts stay in the history of their jobs."""

from __future__ import annotations

from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, UnknownNode
from db.crobot import jobs, leases
from db.engine import transaction


def forget(name: str) -> None:
    """Forget a node that is silent and has nothing in hand; one that reports again is known again.

    Raises:
        UnknownNode: no node of this name is known.
        BadInput: it is not silent, or has live attempts.
    """
    with transaction() as session:
        if not leases.forget(session, name):
            raise _refusal(session, name)


def unknown(session: Any, name: str) -> UnknownNode:
    """Return the error that names the nodes that are known."""
    known = ", ".join(row.name for row in jobs.nodes(session)) or "none"
    return UnknownNode(f"no node {name!r} has ever reported; known are {known}")


def _refusal(session: Any, name: str) -> BadInput | UnknownNode:
    row = next((row for row in jobs.nodes(session) if row.name == name), None)
    if row is None:
        return unknown(session, name)
    if row.lost_at is None:
        return BadInput(
            f"node {name} was heard {row.silent_s:.0f} s ago: stop it, and wait until `crobot nodes` calls it silent"
        )
    return BadInput(
        f"node {name} has {row.live} live attempts: a head routes them again within seconds; then forget it"
    )
