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
#: key of a scheme's ``param``: nothing is called before somebody asks for it
ON_DEMAND = "on_demand"


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


def add_scheme(
    session: Session, description: str, label: str, pipeline: str, on_demand: bool = False
) -> Scheme:
    """Add a scheme that a pipeline finds out, or have an existing one called from now on.

    It is called on every new assembly, or only ``on_demand``.

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
    _call(found, on_demand)
    session.flush()
    return found


def call_on_demand(session: Session, description: str, on_demand: bool = True) -> Scheme:
    """Have a scheme called on demand only, or on every new assembly.

    Raises:
        UnknownScheme: there is none of this name.
        BadInput: it has no pipeline that could be called.
    """
    found = find_scheme(session, description)
    if "pipeline" not in found.param:
        raise BadInput(
            f"the scheme {description!r} is not called at all: `crobot scheme add` gives it a pipeline"
        )
    _call(found, on_demand)
    session.flush()
    return found


def _call(scheme: Scheme, on_demand: bool) -> None:
    kept = {key: value for key, value in scheme.param.items() if key != ON_DEMAND}
    scheme.param = kept | ({ON_DEMAND: True} if on_demand else {})


def schemes_to_call(session: Session) -> Sequence[Scheme]:
    """Return the schemes that are called on every new assembly: those with a pipeline, if not only on demand."""
    called = Scheme.param.has_key("pipeline") & ~Scheme.param.has_key(ON_DEMAND)
    return session.scalars(select(Scheme).where(called).order_by(Scheme.id)).all()


def schemes_never_sent(session: Session, assembly_barcode: str) -> Sequence[Scheme]:
    """Return those of `schemes_to_call` of which nothing was ever sent for an assembly."""
    sent = (
        select(AssemblyLookup.scheme_id)
        .join(Assembly, Assembly.id == AssemblyLookup.assembly_id)
        .where(Assembly.barcode == assembly_barcode)
    )
    done = set(session.scalars(sent))
    return [scheme for scheme in schemes_to_call(session) if scheme.id not in done]


def nomenclature_versions(session: Session) -> Sequence[tuple[str, str]]:
    """Return the nomenclature's names of all schemes that have alleles, each with its current version."""
    name = Scheme.param["scheme"].astext
    found = select(name, Scheme.version).where(name.is_not(None), Scheme.version != "").order_by(Scheme.id)
    return [(scheme, version) for scheme, version in session.execute(found)]
