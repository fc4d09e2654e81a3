"""From a job as a request describes it to a job that is sent, by the doors that everybody sends by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.folders import roots
from crobot_tasks.intake.reads import send_reads
from crobot_tasks.intake.scheme_calls import CallsOfScheme, send_scheme
from crobot_tasks.jobs import RemoteAssemblyBasedJob, send_jobs
from crobot_tasks.operate.tokens import Caller
from crobot_tasks.tasks import PipelineTask, job_task
from crobot_tasks.web.api import own_inputs
from crobot_tasks.webhooks import address, outcomes
from db.engine import transaction
from db.known_species import find_species
from db.species import schemes
from workers.short_reads.reads import check_read_sets

Item = Mapping[str, Any]

_COMMON = frozenset("batch workgroup priority callback".split())
_OF_READS = _COMMON | frozenset("database strain reads params version again".split())
_OF_SCHEME = _COMMON | frozenset("database scheme assembly again".split())
_OF_PIPELINE = _COMMON | frozenset(
    "pipeline version inputs params reads database tag cores memory_bytes time_limit_s countdown_s expires_s".split()
)
#: what only pipelines are called with
_INPUTS = ("inputs", "reads", "version")


@dataclass(frozen=True)
class Sent:
    """What became of an item."""

    job_id: int
    #: a live job for the same thing was joined
    joined: bool
    #: an earlier job has the result, and nothing was sent
    cached: bool = False

    @property
    def is_new(self) -> bool:
        """Whether a job was made."""
        return not (self.joined or self.cached)


class WrongItem(BadInput):
    """A job that cannot be sent; ``field`` says which part of it is wrong, if anybody knows."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


def check(item: Item, caller: Caller) -> None:
    """Check what needs no transaction: which fields go together, and the files of reads.

    Raises:
        BadInput: it cannot be sent.
    """
    kind = _kind(item)
    if other := sorted(item.keys() - kind.fields):
        raise WrongItem(
            f"{kind.words} takes no {', '.join(other)}; it takes {', '.join(sorted(kind.fields))}", other[0]
        )
    for name in kind.needs:
        if not item.get(name):
            raise WrongItem(f"{kind.words} needs {name}", name)
    check_workgroup(item, caller)
    own_inputs.check(item)
    if kind is READS:
        check_read_sets(item["reads"], roots())


def check_workgroup(item: Item, caller: Caller) -> None:
    """Check that a job is for the workgroup of the token.

    Raises:
        WrongItem: it is for another.
    """
    if item.get("workgroup") not in (None, "", caller.workgroup):
        raise WrongItem(
            f"the token is for {f'the workgroup {caller.workgroup!r}' if caller.workgroup else 'no workgroup'}, "
            f"and not for {item['workgroup']!r}: leave it out, or use another token",
            "workgroup",
        )


def check_callback(item: Item) -> None:
    """Check that an outcome may be posted to where the item says; the name of the host is resolved.

    Raises:
        WrongItem: it may not.
    """
    try:
        outcomes.checked(item["callback"])
    except BadInput as error:
        raise WrongItem(str(error), "callback") from error


def is_plain(item: Item) -> bool:
    """Whether the job is a row and nothing else, so that many are sent together."""
    return _kind(item) is PIPELINE


def is_of_scheme(item: Item) -> bool:
    """Whether it calls a scheme on an assembly; many such are sent together, too."""
    return _kind(item) is SCHEME


def send(item: Item, caller: Caller) -> Sent:
    """Send a job, in the transaction that is open; its call-back address was checked.

    Raises:
        BadInput: it cannot work.
    """
    sent = _kind(item).send(item, caller)
    post_outcome(sent, item, caller)
    return sent


def call(item: Item, caller: Caller) -> Any:
    """Call the task of an item that is plain, and return its result, where calls are collected.

    Raises:
        BadInput: it cannot work.
    """
    return _call_pipeline(item, caller)


class SchemeJobs:
    """Jobs of schemes on assemblies of one species, in the transaction that is open.

    What the jobs of one scheme share is looked up once.
    """

    def __init__(self, given: Sequence[Item], caller: Caller) -> None:
        self._given, self._caller = given, caller
        self._calls: dict[str, CallsOfScheme] = {}

    def job(self, item: Item) -> RemoteAssemblyBasedJob:
        """Return the job of one of the items, ready to send.

        Raises:
            UnknownSpecies, UnknownScheme, BadInput: it cannot work.
        """
        if (scheme := item["scheme"]) not in self._calls:
            self._calls[scheme] = self._calls_of(item["database"], scheme)
        return self._calls[scheme].job(item["assembly"], **_request(item, self._caller))

    def _calls_of(self, database: str, scheme: str) -> CallsOfScheme:
        barcodes = [item["assembly"] for item in self._given if item["scheme"] == scheme]
        with transaction() as session:
            find_species(session, database)
        with transaction(database) as session:
            return CallsOfScheme(session, database, schemes.find_scheme(session, scheme), barcodes)


def send_each(jobs: Sequence[RemoteAssemblyBasedJob], *, again: bool) -> list[Sent]:
    """Send the jobs with a few statements, in the transaction that is open.

    Raises:
        BadInput: one of them cannot work.
    """
    send_jobs(jobs, again=again)
    return [Sent(job.number, job.joined, job.cached) for job in jobs]


def post_outcome(sent: Sent, item: Item, caller: Caller) -> None:
    """Have the outcome posted, if the item says where to."""
    if item.get("callback") is not None:
        outcomes.post_job(sent.job_id, address.parse(item["callback"]), caller.user_id)


def _request(item: Item, caller: Caller) -> dict[str, Any]:
    return {"user_id": caller.user_id, "workgroup": caller.workgroup, "batch": item.get("batch", "")} | {
        name: item[name] for name in ("priority",) if name in item
    }


def _send_reads(item: Item, caller: Caller) -> Sent:
    given = {name: item[name] for name in ("params", "version", "again") if name in item}
    job = send_reads(item["database"], item["strain"], item["reads"], **given, **_request(item, caller))
    return Sent(job.number, job.joined, job.cached)


def _send_scheme(item: Item, caller: Caller) -> Sent:
    again = item.get("again", False)
    request = _request(item, caller)
    (job,) = send_scheme(item["database"], item["scheme"], [item["assembly"]], again=again, **request)
    return Sent(job.number, job.joined, job.cached)


def _send_pipeline(item: Item, caller: Caller) -> Sent:
    result = _call_pipeline(item, caller)
    return Sent(result.job_id, result.joined)


def _call_pipeline(item: Item, caller: Caller) -> Any:
    task = job_task(item["pipeline"])
    if item.get("database"):
        with transaction() as session:
            find_species(session, item["database"])
    request = _request(item, caller)
    options = {
        "priority": request.pop("priority", None),
        "time_limit": item.get("time_limit_s"),
        "countdown": item.get("countdown_s"),
        "expires": item.get("expires_s"),
    }
    details = request | {
        name: item[name] for name in ("tag", "database", "cores", "memory_bytes") if item.get(name)
    }
    options = {name: value for name, value in options.items() if value is not None}
    try:
        return task.apply_async(kwargs=_arguments(task, item), job=details, ignore_result=True, **options)
    except TypeError as error:  # Celery's check of a call against the function
        raise WrongItem(f"{task.name} cannot be called like this: {error}", "params") from error


def _arguments(task: Any, item: Item) -> dict[str, Any]:
    if isinstance(task, PipelineTask):
        return {name: item[name] for name in ("params", *_INPUTS) if item.get(name)}
    if given := [name for name in _INPUTS if item.get(name)]:
        raise WrongItem(f"{task.name} is no pipeline: it takes params, and no {', '.join(given)}", given[0])
    return dict(item.get("params") or {})


@dataclass(frozen=True)
class Kind:
    """A kind of item: its name for people, its fields, those that it needs, and how it is sent."""

    words: str
    fields: frozenset[str]
    needs: tuple[str, ...]
    send: Callable[[Item, Caller], Sent]


READS = Kind("a strain's reads", _OF_READS, ("database", "strain", "reads"), _send_reads)
SCHEME = Kind("a scheme's job", _OF_SCHEME, ("database", "scheme", "assembly"), _send_scheme)
PIPELINE = Kind("a pipeline's job", _OF_PIPELINE, ("pipeline",), _send_pipeline)


def _kind(item: Item) -> Kind:
    if "strain" in item:
        return READS
    return SCHEME if "scheme" in item else PIPELINE
