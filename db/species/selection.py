"""Which strains or assemblies are to be worked on: their barcodes, by what is missing, outdated, or has failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Select, column, exists, select, table
from sqlalchemy.orm import Session

from db.base import CROBOT
from db.engine import database_of
from db.species import Assembly, AssemblyLookup, LookupStatus, Scheme, Strain, Trace
from db.species.outdated import is_outdated
from db.species.traces import ASSEMBLED

# Only this table knows how a job failed. It is read in the same statement: the jobs of a species may be a million.
_JOBS = table(
    "jobs",
    *map(column, ("id", "pipeline", "database", "tag", "state", "outcome")),
    column("context", JSON),
    schema=CROBOT,
)
_OF_ASSEMBLIES = "QAssembly"


@dataclass(frozen=True)
class Filters:
    """What else must be true of a strain or an assembly; what is not given is not asked for."""

    #: of its creation
    since: datetime | None = None
    #: of its creation; this moment is not included
    until: datetime | None = None
    #: of the strain, as text
    attributes: Mapping[str, str] = field(default_factory=dict)
    #: only the first so many
    limit: int | None = None


ANY = Filters()


def all_strains(session: Session, filters: Filters = ANY) -> Sequence[str]:
    """Return the strains that have reads that can be assembled."""
    return _strains(session, filters)


def strains_without_assembly(session: Session, filters: Filters = ANY) -> Sequence[str]:
    """Return the strains that have reads that can be assembled, and no assembly in use."""
    return _strains(session, filters, Strain.best_assembly.is_(None))


def strains_outdated(session: Session, current: str, filters: Filters = ANY) -> Sequence[str]:
    """Return the strains whose assembly in use was made by another version of the pipeline than the current one."""
    version = Assembly.pipeline_version
    old = exists().where(Assembly.id == Strain.best_assembly, version != "", version != current)
    return _strains(session, filters, old)


def strains_failed(session: Session, outcome: str | None = None, filters: Filters = ANY) -> Sequence[str]:
    """Return the strains whose last assembly failed, in any way or in one, and was not sent again since."""
    job, later = _JOBS.alias("job"), _JOBS.alias("later")
    sent_again = exists().where(
        later.c.tag == job.c.tag,
        later.c.pipeline == _OF_ASSEMBLIES,
        later.c.database == job.c.database,
        later.c.id > job.c.id,
    )
    first_trace = job.c.context["trace_ids"][0].as_integer()
    failed = (
        select(Trace.strain_id)
        .join(job, Trace.id == first_trace)
        .where(
            job.c.pipeline == _OF_ASSEMBLIES,
            job.c.state == "FAILED",
            job.c.database == database_of(session),
            ~sent_again,
        )
    )
    if outcome is not None:
        failed = failed.where(job.c.outcome == outcome)
    return _strains(session, filters, Strain.id.in_(failed))


def assemblies_without_result(session: Session, scheme: Scheme, filters: Filters = ANY) -> Sequence[str]:
    """Return the assemblies in use for which a scheme was never sent."""
    return _assemblies(session, filters, ~exists().where(*_of(scheme)))


def assemblies_outdated(
    session: Session, scheme: Scheme, current: str, filters: Filters = ANY
) -> Sequence[str]:
    """Return the assemblies in use whose result is of another version of the pipeline, or of the scheme."""
    old = exists().where(
        *_of(scheme), AssemblyLookup.status == LookupStatus.COMPLETE, is_outdated(scheme, current)
    )
    return _assemblies(session, filters, old)


def assemblies_failed(
    session: Session, scheme: Scheme, outcome: str | None = None, filters: Filters = ANY
) -> Sequence[str]:
    """Return the assemblies in use for which a scheme failed the last time, in any way or in one."""
    failed = exists().where(*_of(scheme), AssemblyLookup.status == LookupStatus.FAILED)
    if outcome is not None:
        failed = failed.where(
            AssemblyLookup.job_id == _JOBS.c.id, _JOBS.c.state == "FAILED", _JOBS.c.outcome == outcome
        )
    return _assemblies(session, filters, failed)


def _strains(session: Session, filters: Filters, *conditions: ColumnElement[bool]) -> Sequence[str]:
    reads = exists().where(Trace.strain_id == Strain.id, *ASSEMBLED)
    named = Strain.barcode.is_not(None)
    query = select(Strain.barcode).where(reads, named, *conditions, *_given(filters, Strain))
    return _found(session, query.order_by(Strain.id), filters)


def _assemblies(session: Session, filters: Filters, *conditions: ColumnElement[bool]) -> Sequence[str]:
    """Only those in use: what was replaced, or failed its QA, needs no results."""
    query = (
        select(Assembly.barcode)
        .join(Strain, Strain.best_assembly == Assembly.id)
        .where(Assembly.barcode.is_not(None), *conditions, *_given(filters, Assembly))
    )
    return _found(session, query.order_by(Assembly.id), filters)


def _of(scheme: Scheme) -> tuple[ColumnElement[bool], ...]:
    return (
        AssemblyLookup.assembly_id == Assembly.id,
        AssemblyLookup.scheme_id == scheme.id,
        AssemblyLookup.reference == "",
    )


def _given(filters: Filters, model: type[Strain | Assembly]) -> list[ColumnElement[bool]]:
    given = [Strain.attributes[key].astext == value for key, value in filters.attributes.items()]
    if filters.since is not None:
        given.append(model.created_at >= filters.since)
    if filters.until is not None:
        given.append(model.created_at < filters.until)
    return given


def _found(session: Session, query: Select[Any], filters: Filters) -> Sequence[str]:
    return session.scalars(query.limit(filters.limit)).all()
