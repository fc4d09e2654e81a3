"""What an update of a species may send: strains without an assembly, assemblies without a result.

Both are one pass, through a cursor of the server: a statement for each page would be planned as a pass of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Select, Text, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from db.species import Assembly, AssemblyLookup, LookupStatus, Scheme, Strain, Trace
from db.species.outdated import is_outdated
from db.species.traces import ASSEMBLED

#: rows that are looked at together
PAGE = 2_000


def strains(session: Session, current: str | None) -> Iterator[Sequence[Row[Any]]]:
    """Yield pages of strains that have reads and no assembly in use, or one that is not of this version; by id.

    ``id``, ``barcode``, ``version`` (of the assembly; None: there is none), ``tag`` (what a job that assembles all
    their reads has), ``trace_ids``. ``current`` is None if an old assembly is good enough.
    """
    reads = (
        select(
            func.string_agg(_tag(), aggregate_order_by(literal(","), Trace.id)).label("tag"),
            func.array_agg(aggregate_order_by(Trace.id, Trace.id)).label("trace_ids"),
        )
        .where(Trace.strain_id == Strain.id, *ASSEMBLED)
        .lateral("reads")
    )
    query = (
        select(Strain.id, Strain.barcode, Assembly.pipeline_version.label("version"), reads)
        .outerjoin(Assembly, Assembly.id == Strain.best_assembly)
        .join(reads, true())
        .where(Strain.barcode.is_not(None), reads.c.tag.is_not(None))
    )
    if current is None:
        query = query.where(Strain.best_assembly.is_(None))
    else:
        query = query.where(
            or_(Strain.best_assembly.is_(None), Assembly.pipeline_version.not_in(["", current]))
        )
    yield from _pages(session, query.order_by(Strain.id))


def assemblies(
    session: Session, scheme: Scheme, current: str, *, outdated: bool
) -> Iterator[Sequence[Row[Any]]]:
    """Yield pages of assemblies in use for which a scheme has no result, has failed, or is ``outdated``; by id.

    ``id``, ``barcode``, ``version`` (None: it was never sent), ``scheme_version``, ``status``, ``fail_count``,
    ``updated_at``.
    """
    lookup = AssemblyLookup
    wanted = [lookup.id.is_(None), lookup.status == LookupStatus.FAILED]
    if outdated:
        wanted.append((lookup.status == LookupStatus.COMPLETE) & is_outdated(scheme, current))
    of_scheme = (
        (lookup.assembly_id == Assembly.id) & (lookup.scheme_id == scheme.id) & (lookup.reference == "")
    )
    query: Any = (
        select(Assembly.id, Assembly.barcode, lookup.version, lookup.scheme_version, lookup.status,
               lookup.fail_count, lookup.updated_at)
        .join(Strain, Strain.best_assembly == Assembly.id)
        .outerjoin(lookup, of_scheme)
        .where(Assembly.barcode.is_not(None), or_(*wanted))
    )  # fmt: skip
    yield from _pages(session, query.order_by(Assembly.id))


def made_by(session: Session, job_ids: Collection[int]) -> dict[int, str]:
    """Job → the status of the assembly that it made, if that is still there."""
    rows = session.execute(select(Assembly.job_id, Assembly.status).where(Assembly.job_id.in_(job_ids)))
    return {job_id: str(status) for job_id, status in rows if job_id is not None}


def _pages(session: Session, query: Select[Any]) -> Iterator[Sequence[Row[Any]]]:
    with session.execute(query.execution_options(yield_per=PAGE)) as rows:
        yield from rows.partitions()


def _tag() -> Any:
    """Return what `AssemblyJob` calls a read set."""
    read1, read2 = (func.regexp_replace(read, "^.*/", "") for read in (Trace.read1, Trace.read2))
    uploaded = cast(Trace.barcode, Text) + "#" + read1 + "#" + read2
    return func.coalesce(Trace.accession, uploaded)
