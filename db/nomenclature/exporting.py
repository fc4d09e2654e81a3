"""What nodes get of a scheme: its published alleles, under a version that names exactly this content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from db.nomenclature.store import find_scheme, lock
from db.species import Allele, Locus, Scheme
from db.species.loci import loci_of

SLICE = 2_000

Columns = TypeVarTuple("Columns")


@dataclass(frozen=True)
class Export:
    """A scheme's published alleles."""

    scheme: str
    version: str
    loci: tuple[str, ...]
    #: (locus, number, sequence), to be read before the transaction ends
    alleles: Iterator[tuple[str, int, str]]


def export(session: Session, scheme: str) -> Export:
    """Return the current version of a scheme; equal versions have equal alleles.

    Raises:
        UnknownScheme: there is none of this name.
    """
    row = find_scheme(session, scheme)
    names = tuple(locus.name for locus in loci_of(session, row))
    return Export(scheme, row.version, names, _alleles(session, row))


def publish(session: Session, scheme: str) -> str:
    """Let nodes have the alleles that were numbered here since the last release; return the version.

    Until then nodes report such an allele as a new one, and get the same number for it.
    """
    lock(session)
    row = find_scheme(session, scheme)
    session.refresh(row)
    if has_unpublished(session, row):
        release(session, row)
    return row.version


def has_unpublished(session: Session, scheme: Scheme) -> bool:
    """Tell whether alleles wait for the next release."""
    waiting = exists().where(Allele.locus_id == Locus.id, Locus.scheme_id == scheme.id)
    return bool(session.scalar(select(waiting.where(Allele.release > scheme.release))))


def release(session: Session, scheme: Scheme) -> None:
    """Count a release up, and name the version by it and by its content."""
    scheme.release += 1
    session.flush()
    content = hashlib.sha256()
    columns = select(Locus.name, Allele.number, Allele.sha256)
    for name, number, digest in session.execute(_published(columns, scheme)):
        content.update(f"{name}_{number}:".encode() + digest)
    # the digest tells apart two databases, or one made anew, that write to the same storage
    scheme.version = f"{scheme.release}.{content.hexdigest()[:8]}"
    session.flush()


def _published(columns: Select[*Columns], scheme: Scheme) -> Select[*Columns]:
    return (
        columns.join_from(Allele, Locus, Allele.locus_id == Locus.id)
        .where(Locus.scheme_id == scheme.id, Allele.release <= scheme.release)
        .order_by(Locus.position, Allele.number)
    )


def _alleles(session: Session, scheme: Scheme) -> Iterator[tuple[str, int, str]]:
    query = _published(select(Locus.name, Allele.number, Allele.sequence), scheme)
    for row in session.execute(query.execution_options(yield_per=SLICE)):
        yield row[0], row[1], row[2]
