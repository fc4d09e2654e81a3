"""Queries for people: what a command shows of a species beyond its rows; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from db.species import Allele, Assembly, AssemblyLookup, Locus, Scheme, SequenceType
from db.species.schemes import ON_DEMAND


def made_assembly(session: Session, job_id: int) -> Assembly | None:
    """The assembly that a job made, in the species of the transaction."""
    return session.scalar(select(Assembly).where(Assembly.job_id == job_id))


def lookups(session: Session, job_id: int) -> Sequence[tuple[AssemblyLookup, Scheme]]:
    """What a job wrote for an assembly and a scheme, with the scheme."""
    query = select(AssemblyLookup, Scheme).join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
    return [(row, scheme) for row, scheme in session.execute(query.where(AssemblyLookup.job_id == job_id))]


def results(session: Session, assembly_id: int) -> Sequence[tuple[AssemblyLookup, Scheme]]:
    """How each scheme stands for an assembly, and what it found; not its SNPs against references."""
    query = select(AssemblyLookup, Scheme).join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
    query = query.where(AssemblyLookup.assembly_id == assembly_id, AssemblyLookup.reference == "")
    return [(row, scheme) for row, scheme in session.execute(query.order_by(Scheme.id))]


def schemes(session: Session) -> Sequence[Row[Any]]:
    """The schemes of the species, with how many loci, alleles and sequence types each has."""
    loci = select(func.count(Locus.id)).where(Locus.scheme_id == Scheme.id).scalar_subquery()
    alleles = (
        select(func.count(Allele.id))
        .join(Locus, Locus.id == Allele.locus_id)
        .where(Locus.scheme_id == Scheme.id)
    ).scalar_subquery()
    types = select(func.count(SequenceType.id)).where(SequenceType.scheme_id == Scheme.id).scalar_subquery()
    query = select(
        Scheme.description,
        Scheme.name.label("label"),
        Scheme.param["pipeline"].astext.label("pipeline"),
        Scheme.param["scheme"].astext.label("scheme"),
        Scheme.param.has_key(ON_DEMAND).label("on_demand"),
        Scheme.version,
        loci.label("loci"),
        alleles.label("alleles"),
        types.label("sequence_types"),
    )
    return session.execute(query.order_by(Scheme.id)).all()
