"""Queries on accepted policies: the newest is in force."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

_NEWEST = text("SELECT max(id) FROM crobot.policies")
_POLICY = text("SELECT id, toml, source, accepted_at FROM crobot.policies ORDER BY id DESC LIMIT 1")
_ACCEPT = text("INSERT INTO crobot.policies (toml, source) VALUES (:toml, :source) RETURNING id")


def newest(session: Session) -> int | None:
    """The number of the policy in force; None if none was ever accepted."""
    return session.execute(_NEWEST).scalar()


def current(session: Session) -> Row[Any] | None:
    """The policy in force: ``id``, ``toml``, ``source``, ``accepted_at``."""
    return session.execute(_POLICY).one_or_none()


def accept(session: Session, toml: str, source: str) -> int:
    """Put a policy in force on every head."""
    return int(session.execute(_ACCEPT, {"toml": toml, "source": source}).scalar_one())
