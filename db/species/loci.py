"""Queries on the loci of nomenclature schemes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.species import Locus, Scheme


def loci_of(session: Session, scheme: Scheme) -> Sequence[Locus]:
    """Return a scheme's loci in the order of its profiles, as they are now."""
    # how many alleles were numbered may have changed since the session saw them last, before the lock was ours
    query = select(Locus).where(Locus.scheme_id == scheme.id).execution_options(populate_existing=True)
    return session.scalars(query.order_by(Locus.position)).all()
