"""What the items of a batch become: a signature of a job, the answer of an earlier one, or nothing, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from celery.canvas import Signature
from kombu.utils.json import loads

from crobot_errors import BadInput, CRobotError
from crobot_tasks.celery import app
from crobot_tasks.intake.scheme_calls import class_of
from crobot_tasks.jobs import AssemblyJob
from crobot_tasks.jobs.base import CRobotJob
from db.species.assemblies import find_assembly
from db.species.schemes import find_scheme
from db.species.traces import paired_traces_of_strains


@dataclass(frozen=True)
class Call:
    """One item of a batch, as it is sent: one of the three."""

    signature: Signature | None = None
    #: the earlier job that has its result
    cached: int | None = None
    #: why nothing is sent
    skipped: str = ""


#: (session, batch, its items) → what is sent for each, in order
Kind = Callable[[Any, Any, Sequence[Any]], Iterable[Call]]


def _calls(session: Any, batch: Any, items: Sequence[Any]) -> Iterable[Call]:
    """Any signatures; they get the batch's name."""
    for item in items:
        signature = Signature.from_dict(loads(item.call), app=app)
        yield Call(signature.set(job=(signature.options.get("job") or {}) | {"batch": batch.name}))


def _assemblies(session: Any, batch: Any, items: Sequence[Any]) -> Iterable[Call]:
    """Strains by barcode: all paired-end read sets of each are assembled together."""
    traces = paired_traces_of_strains(session, [item.key for item in items])
    for item in items:
        yield _of_job(session, batch, partial(_assembly, batch, item.key, traces.get(item.key, [])))


def _assembly(batch: Any, strain: str, trace_ids: Sequence[int]) -> CRobotJob:
    if not trace_ids:
        raise BadInput(f"the strain {strain} has no paired-end reads of Illumina")
    return AssemblyJob(
        database=batch.database, trace_ids=trace_ids, params=batch.shared.get("params"), **_request(batch)
    )


def _scheme(session: Any, batch: Any, items: Sequence[Any]) -> Iterable[Call]:
    """Assemblies by barcode, on each of which a scheme is called."""
    scheme = find_scheme(session, batch.shared["scheme"])
    cls = class_of(scheme)
    for item in items:
        yield _of_job(session, batch, partial(_call, session, batch, scheme, cls, item.key))


def _call(session: Any, batch: Any, scheme: Any, cls: Any, assembly: str) -> CRobotJob:
    job: CRobotJob = cls(
        scheme=scheme,
        database=batch.database,
        assembly_barcode=assembly,
        assembly_filepointer=find_assembly(session, assembly).file_pointer,
        **_request(batch),
    )
    return job


def _of_job(session: Any, batch: Any, make: Callable[[], CRobotJob]) -> Call:
    try:
        job = make()
        if not batch.shared.get("again") and job.is_answered(session):
            return Call(cached=job.number)
        return Call(job.signature())
    except (CRobotError, OSError) as error:
        return Call(skipped=str(error))


def _request(batch: Any) -> dict[str, Any]:
    return {
        "user_id": batch.user_id,
        "workgroup": batch.workgroup,
        "priority": batch.priority,
        "batch": batch.name,
    }


#: the kinds of batches by name, as the table of batches has them
KINDS: dict[str, Kind] = {"calls": _calls, "assemble": _assemblies, "scheme": _scheme}
