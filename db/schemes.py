"""Queries on the schemes of a species."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crobot_errors import UnknownScheme
from db.engine import database_of
from db.species import Scheme


def find_scheme(session: Session, description: str) -> Scheme:
    """Return the scheme by its name in programs, as MLST_Achtman.

    Raises:
        UnknownScheme: there is none of this name.
    """
    found = session.scalar(select(Scheme).where(Scheme.description == description))
    if found is None:
        have = ", ".join(session.scalars(select(Scheme.description).order_by(Scheme.description)))
        raise UnknownScheme(
            f"the species {database_of(session)!r} has no scheme {description!r}: there are {have}"
        )
    return found


def list_schemes(session: Session) -> Sequence[Scheme]:
    """Return all schemes by id."""
    return session.scalars(select(Scheme).order_by(Scheme.id)).all()


def schemes_to_call(session: Session) -> Sequence[Scheme]:
    """Return the schemes that are called on every new assembly: those with a pipeline."""
    return session.scalars(select(Scheme).where(Scheme.param.has_key("pipeline")).order_by(Scheme.id)).all()
