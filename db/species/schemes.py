"""Queries on the schemes of a species."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crobot_errors import BadInput, UnknownScheme
from db.engine import database_of, lock
from db.species import Assembly, AssemblyLookup, Scheme

#: a scheme's name in programs; it is a job's type, too
DESCRIPTION = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


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


def add_scheme(session: Session, description: str, label: str, pipeline: str) -> Scheme:
    """Add a scheme that a pipeline finds out, or have an existing one called on new assemblies from now on.

    Raises:
        BadInput: not a name, or the scheme is another pipeline's.
    """
    if not DESCRIPTION.fullmatch(description):
        raise BadInput(f"{description!r} cannot describe a scheme: use up to 64 letters, digits, _, . and -")
    lock(session, f"scheme {database_of(session)} {description}")
    found = session.scalar(select(Scheme).where(Scheme.description == description))
    if found is None:
        found = Scheme(description=description, name=label or description, param={})
        session.add(found)
    if found.param.get("pipeline", pipeline) != pipeline:
        raise BadInput(f"the scheme {description!r} is there already, with {found.param['pipeline']!r}")
    found.name, found.param = label or found.name, found.param | {"pipeline": pipeline}
    session.flush()
    return found


def schemes_to_call(session: Session) -> Sequence[Scheme]:
    """Return the schemes that are called on every new assembly: those with a pipeline."""
    return session.scalars(select(Scheme).where(Scheme.param.has_key("pipeline")).order_by(Scheme.id)).all()


def schemes_never_sent(session: Session, assembly_barcode: str) -> Sequence[Scheme]:
    """Return those of `schemes_to_call` of which nothing was ever sent for an assembly."""
    sent = (
        select(AssemblyLookup.scheme_id)
        .join(Assembly, Assembly.id == AssemblyLookup.assembly_id)
        .where(Assembly.barcode == assembly_barcode)
    )
    done = set(session.scalars(sent))
    return [scheme for scheme in schemes_to_call(session) if scheme.id not in done]
