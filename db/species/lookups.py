"""How a scheme stands for an assembly: every change of ``assembly_lookup`` is one of these statements.

The counters are changed in SQL, never read, changed and written back. ``reference`` is the barcode of the
reference assembly for ``snp_calls``, and blank for all other schemes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    select,
    tuple_,
    update,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.orm import Session

from crobot_errors import UnknownJob
from db.arrays import array
from db.jsonb import to_json
from db.species import AssemblyLookup, LookupStatus, allele_positions


class Key(NamedTuple):
    """What identifies a row."""

    assembly_id: int
    scheme_id: int
    reference: str = ""


class Latest(NamedTuple):
    """The job that was sent last."""

    job_id: int
    version: str


_KEY = ("assembly_id", "scheme_id", "reference")


def sent(
    session: Session, assembly_id: int, scheme_id: int, job_id: int, version: str, reference: str = ""
) -> None:
    """A job was sent: one more is live, and it is the latest."""
    sent_each(session, {Key(assembly_id, scheme_id, reference): Latest(job_id, version)})


def sent_each(session: Session, sent: Mapping[Key, Latest]) -> None:
    """Note the jobs that were sent for these; rows are taken in the order of their keys, by everybody."""
    if not sent:
        return
    lines = [(*map(str, key), *map(str, latest)) for key, latest in sorted(sent.items())]
    columns = [literal(array(texts), Text) for texts in zip(*lines, strict=True)]
    types = (Integer, Integer, Text, BigInteger, Text)
    new = (
        func.unnest(*(cast(texts, ARRAY(kind)) for texts, kind in zip(columns, types, strict=True)))
        .table_valued(*_KEY, "job_id", "version", name="sent")
        .render_derived()
    )
    given = [new.c[name] for name in (*_KEY, "job_id", "version")]
    states = (new.c.reference, literal(LookupStatus.QUEUED.value), literal(1), literal(1))
    names = (*_KEY, "job_id", "version", "st_barcode", "status", "job_count", "queued_count")
    row = insert(AssemblyLookup).from_select(names, select(*given, *states))
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


def completed_each(
    session: Session, results: Mapping[Key, dict[str, Any]], job_id: int, version: str
) -> None:
    """Write the results of one job for each of what it was sent for."""
    given = {key: to_json(result) for key, result in results.items()}
    row = {
        "status": _unless_another_is_live(literal(LookupStatus.COMPLETE.value)),
        "version": version,
        "complete_count": AssemblyLookup.complete_count + 1,
        "queued_count": AssemblyLookup.queued_count - 1,
    }
    _end_each(session, given, job_id, row, lambda text: {"results": cast(text, JSONB)})


def failed_each(session: Session, messages: Mapping[Key, str], job_id: int) -> None:
    """Note that a job failed for each of these, whole or in part."""
    row = {
        "status": _unless_another_is_live(literal(LookupStatus.FAILED.value)),
        "fail_count": AssemblyLookup.fail_count + 1,
        "queued_count": AssemblyLookup.queued_count - 1,
    }
    _end_each(session, messages, job_id, row, lambda text: {"results": _with_error(job_id, text)})


def failed(
    session: Session, assembly_id: int, scheme_id: int, job_id: int, message: str, reference: str = ""
) -> None:
    """A job failed for good: results of an earlier one stay, beside the ``error``."""
    failed_each(session, {Key(assembly_id, scheme_id, reference): message}, job_id)


def amended(session: Session, key: Key, values: dict[str, Any]) -> None:
    """Parts of a result are replaced without a job; of what has no result nothing is."""
    row = update(AssemblyLookup).where(*_is(*key), AssemblyLookup.complete_count > 0)
    amended = {
        "results": AssemblyLookup.results.op("||")(cast(values, JSONB)),
        "updated_at": func.now(),
    }
    session.execute(row.values(amended).execution_options(synchronize_session=False))


def cancelled(session: Session, assembly_id: int, scheme_id: int, job_id: int, reference: str = "") -> None:
    """Nobody wants the job any more: it counts as no failure, and a former result stands again."""
    cancelled_each(session, [Key(assembly_id, scheme_id, reference)])


def cancelled_each(session: Session, keys: Sequence[Key]) -> None:
    """Nobody wants these jobs any more, each given by what it was for; the same key may come several times.

    Raises:
        UnknownJob: nothing was ever sent for one of them.
    """
    times = Counter(keys)
    lock_each(session, times)
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


def find_each(session: Session, keys: Collection[Key]) -> dict[Key, AssemblyLookup]:
    """Return how each of these stands, if it was ever sent, as it is now."""
    rows = session.scalars(
        select(AssemblyLookup).where(_among(keys)).execution_options(populate_existing=True)
    )
    return {Key(row.assembly_id, row.scheme_id, row.reference): row for row in rows}


def lock_each(session: Session, keys: Collection[Key]) -> None:
    """Lock rows for a change, in the order of their keys: so that two transactions never wait for each other."""
    columns = [getattr(AssemblyLookup, name) for name in _KEY]
    session.execute(select(AssemblyLookup.id).where(_among(keys)).order_by(*columns).with_for_update())


def under_way(session: Session) -> dict[Key, tuple[int, str]]:
    """Key → how many live jobs the row counts, and its status, of all rows that say that a job is live."""
    rows = session.execute(
        select(AssemblyLookup.assembly_id, AssemblyLookup.scheme_id, AssemblyLookup.reference,
               AssemblyLookup.queued_count, AssemblyLookup.status)
        .where((AssemblyLookup.queued_count != 0) | (AssemblyLookup.status == LookupStatus.QUEUED))
    )  # fmt: skip
    return {Key(*row[:3]): (row.queued_count, row.status) for row in rows}


def recounted(session: Session, key: Key, live: int) -> None:
    """Note how many jobs are live for a row that is locked; its status follows."""
    leaving = AssemblyLookup.queued_count - live
    row = update(AssemblyLookup).where(*_is(*key)).execution_options(synchronize_session=False)
    queued = {"status": LookupStatus.QUEUED, "queued_count": live, "updated_at": func.now()}
    session.execute(row.values(queued if live else _cancelled(leaving) | {"queued_count": 0}))


def _among(keys: Collection[Key]) -> ColumnElement[bool]:
    return tuple_(*(getattr(AssemblyLookup, name) for name in _KEY)).in_([tuple(key) for key in keys])


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


def _with_error(job_id: int, message: ColumnElement[str]) -> ColumnElement[Any]:
    return AssemblyLookup.results.op("||")(func.jsonb_build_object("error", message, "error_job_id", job_id))


def _end_each(
    session: Session,
    texts: Mapping[Key, str],
    job_id: int,
    row: dict[str, Any],
    of_text: Callable[[ColumnElement[str]], dict[str, Any]],
) -> None:
    """End one job in several rows, each with a text of its own."""
    if not texts:
        return
    lock_each(session, texts)
    ended = values(
        column("assembly_id", Integer), column("scheme_id", Integer), column("reference", Text),
        column("text", Text), name="ended",
    ).data([(*key, text) for key, text in sorted(texts.items())])  # fmt: skip
    statement = (
        update(AssemblyLookup)
        .where(*(getattr(AssemblyLookup, name) == ended.c[name] for name in _KEY))
        .values(row | of_text(ended.c["text"]) | {"updated_at": func.now()})
        .returning(AssemblyLookup.id)
        .execution_options(synchronize_session=False)
    )
    if len(session.execute(statement).all()) < len(texts):
        raise UnknownJob(f"job {job_id}: nothing was ever sent for one of {', '.join(map(str, texts))}")


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
