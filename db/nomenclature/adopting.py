"""A release names what was numbered here: the published number takes the place of the local one."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.nomenclature.numbering import st_barcode
from db.nomenclature.store import profile_digest
from db.species import Allele, AssemblyLookup, Locus, Scheme, SequenceType


def adopt_allele(session: Session, scheme: Scheme, locus: Locus, local: int, published: int) -> None:
    """Renumber an allele, in its row and in all profiles that have it."""
    session.execute(
        update(Allele)
        .where(Allele.locus_id == locus.id, Allele.number == local)
        # it counts as new, so that a version of its own tells nodes the number
        .values(number=published, former_number=local, release=scheme.release + 1)
    )
    place = SequenceType.profile[locus.position + 1]  # PostgreSQL counts from 1
    for row in session.scalars(
        select(SequenceType).where(SequenceType.scheme_id == scheme.id, place == local)
    ):
        profile = list(row.profile)
        profile[locus.position] = published
        row.profile, row.digest = profile, profile_digest(profile)
    session.flush()


def adopt_sequence_type(session: Session, scheme: Scheme, local: int, published: int) -> None:
    """Renumber a sequence type, in its row and in the results that point at its barcode."""
    session.execute(
        update(SequenceType)
        .where(SequenceType.scheme_id == scheme.id, SequenceType.number == local)
        .values(number=published, former_number=local)
    )
    session.execute(
        update(AssemblyLookup)
        .where(AssemblyLookup.scheme_id == scheme.id, AssemblyLookup.st_barcode == st_barcode(session, local))
        .values(st_barcode=st_barcode(session, published))
    )
