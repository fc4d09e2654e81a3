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
from crobot_tasks.intake.scheme_calls import CallsOfScheme
from crobot_tasks.jobs import AssemblyJob
from crobot_tasks.jobs.base import CRobotJob
from crobot_tasks.jobs.many import earlier_jobs
from db.known_species import find_species
from db.species import Trace
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
    return _of_jobs(
        session,
        batch,
        AssemblyJob,
        [partial(_assembly, batch, item.key, traces.get(item.key, [])) for item in items],
    )


def _assembly(batch: Any, strain: str, traces: Sequence[Trace]) -> CRobotJob:
    if not traces:
        raise BadInput(f"the strain {strain} has no paired-end reads of Illumina")
    return AssemblyJob(
        database=batch.database,
        trace_ids=[trace.id for trace in traces],
        traces=traces,
        params=batch.shared.get("params"),
        **_request(batch),
    )


def _scheme(session: Any, batch: Any, items: Sequence[Any]) -> Iterable[Call]:
    """Assemblies by barcode, on each of which a scheme is called."""
    scheme = find_scheme(session, batch.shared["scheme"])
    calls = CallsOfScheme(session, batch.database, scheme, [item.key for item in items])
    makes = [partial(calls.job, item.key, **_request(batch)) for item in items]
    return _of_jobs(session, batch, calls.cls, makes)


def _of_jobs(
    session: Any, batch: Any, cls: type[CRobotJob], makes: Sequence[Callable[[], CRobotJob]]
) -> Iterable[Call]:
    # Each job asks for its species, which the session has in hand as long as somebody holds it.
    species = find_species(session, batch.database)
    made = [_made(make) for make in makes]
    if not batch.shared.get("again"):
        made = _answered(session, made)
    signatures = cls.signatures(session, [job for job in made if isinstance(job, CRobotJob)])
    calls = [one if isinstance(one, Call) else Call(next(signatures)) for one in made]
    del species
    return calls


def _made(make: Callable[[], CRobotJob]) -> CRobotJob | Call:
    try:
        return make()
    except (CRobotError, OSError) as error:
        return Call(skipped=str(error))


def _answered(session: Any, made: Sequence[CRobotJob | Call]) -> list[CRobotJob | Call]:
    """Put what earlier jobs answer into the place of jobs."""
    earlier = iter(earlier_jobs(session, [one for one in made if isinstance(one, CRobotJob)]))
    return [one if isinstance(one, Call) else _if_answered(session, one, next(earlier)) for one in made]


def _if_answered(session: Any, job: CRobotJob, earlier: Any) -> CRobotJob | Call:
    try:
        return Call(cached=job.number) if job.becomes(session, earlier) else job
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
