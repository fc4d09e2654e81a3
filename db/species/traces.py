"""Queries on read sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.species import Trace


def find_traces(session: Session, trace_ids: Collection[int]) -> Sequence[Trace]:
    """Return the read sets of these ids that exist, by id."""
    return session.scalars(select(Trace).where(Trace.id.in_(trace_ids)).order_by(Trace.id)).all()
