"""Assemblies are recorded with their verdict, and found again by barcode."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.barcodes import Kind, check
from db.engine import database_of
from db.registry import barcode_prefix
from db.species import Assembly, AssemblyStatus, Strain, Trace, trace_assembly
from db.strains import NewRow, new_row


@dataclass(frozen=True)
class AssemblyRecord:
    """What an assembly job found; lengths in bases, ``low_qualities`` the share of N from 0 to 1."""

    job_id: int
    pipeline_version: str
    file_pointer: str
    passed: bool
    n50: int | None = None
    total_length: int | None = None
    contig_number: int | None = None
    coverage: float | None = None
    low_qualities: float | None = None
    top_species: str | None = None
    #: each QA measure with its limit, and what else is worth keeping
    stats: dict[str, Any] = field(default_factory=dict)


def record_assembly(
    session: Session,
    record: AssemblyRecord,
    trace_ids: Collection[int],
    user_id: int = 0,
    row: NewRow | None = None,
) -> NewRow:
    """Record the assembly of these read sets; if it passes the QA it is from now on their strains' best one.

    ``row`` is the number and barcode that it was given when the job was sent. The same job again returns what is there.
    """
    existing = find_made(session, record.job_id)
    if existing is not None:
        return NewRow(existing.id, str(existing.barcode))
    row = row or new_row(session, "assemblies", Kind.ASSEMBLY)
    values = vars(record).copy()
    status = AssemblyStatus.ASSEMBLED if values.pop("passed") else AssemblyStatus.FAILED_QA
    session.add(Assembly(id=row.id, barcode=row.barcode, status=status, modified_by=user_id, **values))
    session.flush()
    if trace_ids:
        links = [{"trace_id": trace_id, "assembly_id": row.id} for trace_id in trace_ids]
        session.execute(insert(trace_assembly), links)
    if record.passed:
        _use(session, row.id, trace_ids, user_id)
    return row


def find_assembly(session: Session, barcode: str) -> Assembly:
    """Return an assembly by its barcode.

    Raises:
        BadInput: not an assembly's barcode, one of another species, or of none that exists.
    """
    database = database_of(session)
    check(barcode, Kind.ASSEMBLY, barcode_prefix(session, database))
    found = session.scalar(select(Assembly).where(Assembly.barcode == barcode))
    if found is None:
        raise BadInput(f"the species {database!r} has no assembly {barcode!r}")
    return found


def find_made(session: Session, job_id: int) -> Assembly | None:
    """Return the assembly that a job made, if it is still there."""
    return session.scalar(select(Assembly).where(Assembly.job_id == job_id))


def _use(session: Session, assembly_id: int, trace_ids: Collection[int], user_id: int) -> None:
    owners = select(Trace.strain_id).where(Trace.id.in_(trace_ids))
    # in order of their ids, so that two finishing jobs lock them in the same order
    strains = select(Strain).where(Strain.id.in_(owners)).order_by(Strain.id).with_for_update()
    for strain in session.scalars(strains):
        strain.best_assembly, strain.modified_by = assembly_id, user_id
    session.flush()
