"""What importing, numbering and exporting share: the lock, the digests, and how a scheme is found."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crobot_errors import UnknownScheme
from db import engine
from db.species import Locus, Scheme

#: numbers above are given here, those up to it by the scheme's publisher
LOCAL_OFFSET = 1_000_000

#: the nomenclature scheme's name in a scheme's row
SCHEME_NAME = Scheme.param["scheme"].astext


def lock(session: Session) -> None:
    """Let one transaction at a time give numbers in a species.

    One lock a species, not a scheme: a transaction that finishes jobs of several schemes cannot deadlock then.
    """
    engine.lock(session, f"nomenclature {engine.database_of(session)}")


def sequence_digest(sequence: str) -> bytes:
    """Return what identifies a sequence; upper and lower case are the same."""
    return hashlib.sha256(sequence.upper().encode()).digest()


def profile_digest(profile: Sequence[int]) -> bytes:
    """Return what identifies a profile, given in the order of the loci."""
    return hashlib.sha256(",".join(map(str, profile)).encode()).digest()


def find_scheme(session: Session, name: str) -> Scheme:
    """Return the scheme by its name in the nomenclature, as senterica_achtman_2.

    Raises:
        UnknownScheme: there is none of this name.
    """
    found = session.scalar(select(Scheme).where(name == SCHEME_NAME))
    if found is None:
        have = ", ".join(scheme.param["scheme"] for scheme in list_schemes(session)) or "none"
        raise UnknownScheme(
            f"the species {engine.database_of(session)!r} has no nomenclature scheme {name!r}: there are {have}. "
            "Import one with `crobot scheme import`"
        )
    return found


def list_schemes(session: Session) -> Sequence[Scheme]:
    """Return the schemes that number alleles, by their names."""
    return session.scalars(select(Scheme).where(SCHEME_NAME.is_not(None)).order_by(SCHEME_NAME)).all()


def next_local(locus: Locus) -> int:
    """Return a number for a new allele; only under the lock."""
    locus.last_local_allele += 1
    return LOCAL_OFFSET + locus.last_local_allele
