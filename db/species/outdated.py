"""Results that a newer pipeline, or a newer version of a nomenclature scheme, would make anew."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from db.species import AssemblyLookup, LookupStatus, Scheme


class Count(NamedTuple):
    """Of one scheme's results."""

    complete: int
    outdated: int


def why(version: str, current: str, scheme_version: str = "", current_scheme: str = "") -> str:
    """Say for people by what a result is outdated; empty if it is not. What is not known is not judged."""
    if version and current and version != current:
        return f"outdated ({version}, current {current})"
    if scheme_version and current_scheme and scheme_version != current_scheme:
        return f"outdated (scheme {scheme_version}, current {current_scheme})"
    return ""


def outdated(scheme: Scheme, current: str) -> Select[AssemblyLookup]:
    """Return the query for a scheme's complete results that are outdated; ``current`` is the pipeline's version."""
    return (
        select(AssemblyLookup)
        .where(_complete(scheme), is_outdated(scheme, current))
        .order_by(AssemblyLookup.id)
    )


def count(session: Session, scheme: Scheme, current: str) -> Count:
    """Count a scheme's complete results, and the outdated ones among them."""
    old = func.count().filter(is_outdated(scheme, current))
    row = session.execute(select(func.count(), old).select_from(AssemblyLookup).where(_complete(scheme)))
    return Count(*row.one())


def _complete(scheme: Scheme) -> ColumnElement[bool]:
    return and_(AssemblyLookup.scheme_id == scheme.id, AssemblyLookup.status == LookupStatus.COMPLETE)


def is_outdated(scheme: Scheme, current: str) -> ColumnElement[bool]:
    """The same rule as `why`."""
    theirs, ours = AssemblyLookup.version, AssemblyLookup.scheme_version
    by_pipeline = and_(theirs != "", literal(current) != "", theirs != current)
    return or_(by_pipeline, and_(ours != "", literal(scheme.version) != "", ours != scheme.version))
