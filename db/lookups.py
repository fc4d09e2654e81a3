"""How a scheme stands for an assembly: every change of ``assembly_lookup`` is one of these statements.

The counters are changed in SQL, never read, changed and written back. ``reference`` is the barcode of the
reference assembly for ``snp_calls``, and blank for all other schemes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Text, case, column, func, literal, select, update, values
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from crobot_errors import UnknownJob
from db import allele_positions
from db.species import AssemblyLookup, LookupStatus


class Key(NamedTuple):
    """What identifies a row."""

    assembly_id: int
    scheme_id: int
    reference: str = ""


_KEY = ("assembly_id", "scheme_id", "reference")


def sent(
    session: Session, assembly_id: int, scheme_id: int, job_id: int, version: str, reference: str = ""
) -> None:
    """A job was sent: one more is live, and it is the latest."""
    row = insert(AssemblyLookup).values(
        assembly_id=assembly_id,
        scheme_id=scheme_id,
        reference=reference,
        st_barcode=reference,
        version=version,
        status=LookupStatus.QUEUED,
        job_id=job_id,
        job_count=1,
        queued_count=1,
    )
    again = {
        "job_id": row.excluded.job_id,
        "version": row.excluded.version,
        "status": row.excluded.status,
        "job_count": AssemblyLookup.job_count + 1,
        "queued_count": AssemblyLookup.queued_count + 1,
        "updated_at": func.now(),
    }
    session.execute(row.on_conflict_do_update(index_elements=_KEY, set_=again))


def completed(
    session: Session,
    assembly_id: int,
    scheme_id: int,
    job_id: int,
    version: str,
    results: dict[str, Any],
    *,
    st_barcode: str = "",
    annotation: str | None = None,
    reference: str = "",
) -> None:
    """A result was processed: it replaces the former one, and can be read at once even if another job is live.

    ``annotation`` is the GFF text of a nomenclature result.
    """
    row: dict[str, Any] = {
        "status": _unless_another_is_live(literal(LookupStatus.COMPLETE.value)),
        "version": version,
        "complete_count": AssemblyLookup.complete_count + 1,
        "queued_count": AssemblyLookup.queued_count - 1,
        "scheme_version": results.get("scheme_version", ""),
        "results": results,
        "st_barcode": reference or st_barcode,
    }
    lookup_id = _end(session, assembly_id, scheme_id, job_id, reference, row)
    if annotation is not None:
        allele_positions.store(session, lookup_id, scheme_id, annotation)


def failed(
    session: Session, assembly_id: int, scheme_id: int, job_id: int, message: str, reference: str = ""
) -> None:
    """A job failed for good: results of an earlier one stay, beside the ``error``."""
    row: dict[str, Any] = {
        "status": _unless_another_is_live(literal(LookupStatus.FAILED.value)),
        "fail_count": AssemblyLookup.fail_count + 1,
        "queued_count": AssemblyLookup.queued_count - 1,
        "results": _with_error(job_id, message),
    }
    _end(session, assembly_id, scheme_id, job_id, reference, row)


def cancelled(session: Session, assembly_id: int, scheme_id: int, job_id: int, reference: str = "") -> None:
    """Nobody wants the job any more: it counts as no failure, and a former result stands again."""
    cancelled_each(session, [Key(assembly_id, scheme_id, reference)])


def cancelled_each(session: Session, keys: Sequence[Key]) -> None:
    """Nobody wants these jobs any more, each given by what it was for; the same key may come several times.

    Raises:
        UnknownJob: nothing was ever sent for one of them.
    """
    times = Counter(keys)
    left = values(
        column("assembly_id", Integer), column("scheme_id", Integer), column("reference", Text),
        column("jobs", Integer), name="cancelled",
    ).data([(*key, jobs) for key, jobs in sorted(times.items())])  # fmt: skip
    ended = (
        update(AssemblyLookup)
        .where(*(getattr(AssemblyLookup, name) == left.c[name] for name in _KEY))
        .values(_cancelled(left.c.jobs))
        .returning(AssemblyLookup.id)
        .execution_options(synchronize_session=False)
    )
    if len(session.execute(ended).all()) < len(times):
        raise UnknownJob(f"nothing was ever sent for one of {', '.join(map(str, times))}")


def _cancelled(jobs: ColumnElement[int]) -> dict[str, Any]:
    """Return what a row becomes that so many live jobs leave."""
    before = case(
        (AssemblyLookup.results.has_key("error"), LookupStatus.FAILED.value),
        (AssemblyLookup.complete_count > 0, LookupStatus.COMPLETE.value),
        # the domain knows three states only; with no failure counted update_scheme may send it again
        else_=LookupStatus.FAILED.value,
    )
    return {
        "status": _unless_another_is_live(before, jobs),
        "queued_count": AssemblyLookup.queued_count - jobs,
        "updated_at": func.now(),
    }


def find_lookup(
    session: Session, assembly_id: int, scheme_id: int, reference: str = ""
) -> AssemblyLookup | None:
    """Return how a scheme stands for an assembly, if it was ever sent."""
    return session.scalar(select(AssemblyLookup).where(*_is(assembly_id, scheme_id, reference)))


def _is(assembly_id: int, scheme_id: int, reference: str) -> tuple[ColumnElement[bool], ...]:
    return (
        AssemblyLookup.assembly_id == assembly_id,
        AssemblyLookup.scheme_id == scheme_id,
        AssemblyLookup.reference == reference,
    )


def _unless_another_is_live(
    status: ColumnElement[Any], ending: ColumnElement[int] | int = 1
) -> ColumnElement[Any]:
    """QUEUED as long as a job is live, however the others ended: else one more would be sent beside it."""
    return case((AssemblyLookup.queued_count > ending, LookupStatus.QUEUED.value), else_=status)


def _with_error(job_id: int, message: str) -> ColumnElement[Any]:
    return AssemblyLookup.results.op("||")(func.jsonb_build_object("error", message, "error_job_id", job_id))


def _end(
    session: Session, assembly_id: int, scheme_id: int, job_id: int, reference: str, values: dict[str, Any]
) -> int:
    values["updated_at"] = func.now()
    statement = update(AssemblyLookup).where(*_is(assembly_id, scheme_id, reference)).values(values)
    ended = statement.returning(AssemblyLookup.id).execution_options(synchronize_session=False)
    lookup_id = session.execute(ended).scalar()
    if lookup_id is None:
        raise UnknownJob(
            f"job {job_id}: nothing was ever sent for assembly {assembly_id} and scheme {scheme_id}"
        )
    return int(lookup_id)
