"""Queries on read sets."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.species import Strain, Trace

#: which read sets are assembled: paired ends of Illumina
ASSEMBLED = (
    Trace.seq_platform == "ILLUMINA",
    Trace.seq_library == "Paired",
    or_(Trace.accession.is_not(None), Trace.read2.is_not(None)),
)


def find_traces(session: Session, trace_ids: Collection[int]) -> Sequence[Trace]:
    """Return the read sets of these ids that exist, by id."""
    return session.scalars(select(Trace).where(Trace.id.in_(trace_ids)).order_by(Trace.id)).all()


def paired_traces_of_strains(session: Session, barcodes: Collection[str]) -> dict[str, list[Trace]]:
    """Strain's barcode → its read sets that can be assembled, by id: paired ends of Illumina."""
    rows = session.execute(
        select(Strain.barcode, Trace)
        .join(Trace, Trace.strain_id == Strain.id)
        .where(Strain.barcode.in_(barcodes), *ASSEMBLED)
        .order_by(Trace.id)
    )
    found: dict[str, list[Trace]] = {}
    for barcode, trace in rows:
        found.setdefault(str(barcode), []).append(trace)
    return found
