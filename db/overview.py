"""Queries for people: what a command shows of jobs beyond their rows; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL
from db.species import Allele, Assembly, AssemblyLookup, Locus, Scheme, SequenceType

_OLDEST = text("""
    SELECT id, sent_at, EXTRACT(epoch FROM now() - sent_at) AS waited_s FROM crobot.jobs
    WHERE state = 'WAITING' ORDER BY sent_at, id LIMIT 1""")

_HELD = text(f"SELECT count(*) FROM crobot.jobs WHERE held_at IS NOT NULL AND {LIVE_SQL}")

_TIMES_SENT = text("SELECT count(*) FROM crobot.settlements WHERE job_id = :job_id")

_FOLLOWERS = text("""
    SELECT id FROM crobot.jobs WHERE tag = ANY(:tags) AND id > :job_id AND database = :database
    ORDER BY id""")


def oldest_waiting(session: Session) -> Row[Any] | None:
    """The job that has waited longest."""
    return session.execute(_OLDEST).one_or_none()


def held(session: Session) -> int:
    """How many live jobs are held."""
    return int(session.execute(_HELD).scalar_one())


def times_sent(session: Session, job_id: int) -> int:
    """How many sends one job answers: more than one if it was sent again while it was live."""
    return int(session.execute(_TIMES_SENT, {"job_id": job_id}).scalar_one())


def followers(session: Session, job: Row[Any]) -> list[int]:
    """Jobs of a species that came after this one with its tag, or for the assembly that it made."""
    if not job.database:
        return []
    tags = [job.tag] if job.tag else []
    if (assembly := made_assembly(session, job.id)) and assembly.barcode:
        tags.append(assembly.barcode)
    values = {"tags": tags, "job_id": job.id, "database": job.database}
    return list(session.execute(_FOLLOWERS, values).scalars())


def made_assembly(session: Session, job_id: int) -> Assembly | None:
    """The assembly that a job made, in the species of the transaction."""
    return session.scalar(select(Assembly).where(Assembly.job_id == job_id))


def lookups(session: Session, job_id: int) -> Sequence[tuple[AssemblyLookup, Scheme]]:
    """What a job wrote for an assembly and a scheme, with the scheme."""
    query = select(AssemblyLookup, Scheme).join(Scheme, Scheme.id == AssemblyLookup.scheme_id)
    return [(row, scheme) for row, scheme in session.execute(query.where(AssemblyLookup.job_id == job_id))]


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
        Scheme.version,
        loci.label("loci"),
        alleles.label("alleles"),
        types.label("sequence_types"),
    )
    return session.execute(query.order_by(Scheme.id)).all()
