"""What is known of assemblies, for a table with a line an assembly; read in slices, by the order of their numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Select, func, select, true
from sqlalchemy.orm import Session

from db.species import Assembly, AssemblyLookup, Scheme, SequenceType, Strain, Trace, trace_assembly

#: where a part of a scheme's results lies
Path = tuple[str, ...]


def schemes(session: Session, names: Sequence[str]) -> Sequence[Row[Any]]:
    """Return id, description, param and version of these schemes, or of all that are called or ever were.

    They are rows, which outlive the transaction.
    """
    # With a limit it is asked for each scheme: an EXISTS is joined, and reads all results. The order is that of an
    # index; without it all results are read for a scheme that has none.
    own = select(AssemblyLookup.id).where(AssemblyLookup.scheme_id == Scheme.id)
    called = Scheme.param.has_key("pipeline") | (
        own.order_by(AssemblyLookup.status).limit(1).scalar_subquery().is_not(None)
    )
    query = select(Scheme.id, Scheme.description, Scheme.param, Scheme.version).order_by(Scheme.id)
    return session.execute(query.where(Scheme.description.in_(names) if names else called)).all()


def assemblies(session: Session, after: int, limit: int, *, in_use: bool = False) -> Sequence[Row[Any]]:
    """Return the next assemblies after the one of this ``id``, with the strain of each.

    ``measures`` are those of the QA with their limits; ``attributes`` the strain's metadata.
    """
    query = _assemblies(in_use).where(Assembly.id > after).order_by(Assembly.id)
    return session.execute(query.limit(limit)).all()


def newest_assemblies(
    session: Session, before: int | None, limit: int, *, in_use: bool = False
) -> Sequence[Row[Any]]:
    """Return the newest assemblies, or the next ones before the one of this ``id``, the newest first."""
    query = _assemblies(in_use).order_by(Assembly.id.desc())
    if before is not None:
        query = query.where(Assembly.id < before)
    return session.execute(query.limit(limit)).all()


def _assemblies(in_use: bool) -> Select[Any]:
    strain = (
        select(Strain.barcode, Strain.strain, Strain.attributes, Strain.best_assembly)
        .join(Trace, Trace.strain_id == Strain.id)
        .join(trace_assembly, trace_assembly.c.trace_id == Trace.id)
        .where(trace_assembly.c.assembly_id == Assembly.id)
        .order_by(Strain.id)
        .limit(1)
        .lateral("strain")
    )
    is_best = strain.c.best_assembly == Assembly.id
    query = select(
        Assembly.id,
        Assembly.barcode,
        strain.c.strain,
        strain.c.barcode.label("strain_barcode"),
        strain.c.attributes,
        func.coalesce(is_best, False).label("in_use"),
        Assembly.status,
        Assembly.stats["qa"]["measures"].label("measures"),
        Assembly.top_species,
        Assembly.total_length,
        Assembly.contig_number,
        Assembly.n50,
        Assembly.coverage,
        Assembly.low_qualities,
        Assembly.pipeline_version,
        Assembly.job_id,
        Assembly.created_at,
    ).outerjoin(strain, true())
    return query.where(is_best) if in_use else query


def standings(
    session: Session, scheme_id: int, assembly_ids: Sequence[int], paths: Mapping[str, Path]
) -> dict[int, Row[Any]]:
    """Return assembly id → how a scheme stands on it, and the parts of its results at these paths, by their names.

    Only these parts are read: the whole result of a cgMLST scheme is a hundred times as large.
    """
    parts = [AssemblyLookup.results[path].label(name) for name, path in paths.items()]
    query = select(
        AssemblyLookup.assembly_id,
        AssemblyLookup.status,
        AssemblyLookup.version,
        AssemblyLookup.scheme_version,
        AssemblyLookup.st_barcode,
        *parts,
    ).where(
        AssemblyLookup.scheme_id == scheme_id,
        AssemblyLookup.reference == "",
        AssemblyLookup.assembly_id.in_(assembly_ids),
    )
    return {row.assembly_id: row for row in session.execute(query)}


def published(session: Session, scheme_id: int, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return ST → what its publisher's table says of it beside the alleles."""
    query = select(SequenceType.number, SequenceType.published).where(
        SequenceType.scheme_id == scheme_id, SequenceType.number.in_(numbers)
    )
    return {row.number: row.published for row in session.execute(query)}
