"""What every job class is built on: a job with tag and type, and CRobotJob, which a pipeline runs on a node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from copy import copy
from hashlib import blake2b
from json import dumps
from typing import Any, Self

from celery.canvas import Signature
from sqlalchemy.orm import Session

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.lifecycle.calls.job_result import JobResult
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.calls.sends import collected
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.storage.outputs import Outputs, read_outputs
from crobot_tasks.tasks import job_task
from db.crobot import JobState, jobs
from db.engine import transaction
from db.known_species import find_species
from db.species.lookups import Key
from db.system import user_jobs

#: what a job's context says of one send only
OF_ONE_SEND = frozenset({"resent_from", "chosen", "follows"})


class Job:
    """One request concerning one species: who wants it, what it is for (``tag``), and of which ``type`` it is."""

    def __init__(
        self,
        *,
        type: str,  # noqa: A002 (the domain's word)
        tag: str,
        database: str,
        user_id: int = 0,
        workgroup: str = "",
        batch: str = "",
        priority: int | None = None,
        context: dict[str, Any] | None = None,
    ) -> None:
        self.type, self.tag, self.database = type, tag, database
        self.user_id, self.workgroup, self.batch, self.priority = user_id, workgroup, batch, priority
        #: what the class needs to rebuild the job when its result comes; fits JSON
        self.context = context or {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.type} {self.tag} of {self.database}>"


class RemoteJob(Job, ABC):
    """A job that is sent, and whose result comes back later."""

    @abstractmethod
    def send_job(self) -> int:
        """Send it; returns its number."""

    @abstractmethod
    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """Write the result, and send what follows; return what a person should know, in one line."""


class CRobotJob(RemoteJob):
    """A job that a pipeline runs on a calculation node; built ready to send, or from what came back (`get_crobot_job`).

    Raises:
        UnknownSpecies, BadInput: it cannot work; nothing was stored.
    """

    #: the pipeline's job takes nothing from the job before it in a chain
    immutable = False
    #: parameters that the class itself decides: nobody may choose others when the job is sent again
    own_params: frozenset[str] = frozenset()
    #: output files whose text the class reads
    texts: frozenset[str] = frozenset()

    def __init__(
        self,
        *,
        pipeline: str,
        inputs: dict[str, Any] | None = None,
        params: dict[str, Any] | None = None,
        reads: list[list[str]] | None = None,
        version: str = "",
        **request: Any,
    ) -> None:
        super().__init__(**request)
        self.pipeline, self.version = pipeline, version
        self.inputs, self.params, self.reads = inputs or {}, params or {}, reads or []
        #: ``cores``, ``memory_bytes``, ``time_s`` of an attempt, and ``soft_s``, if the sender knows better
        self.chosen: dict[str, Any] = {}
        #: its number, once it is sent
        self.job_id: int | None = None
        #: whether the last send found the same job alive and joined it
        self.joined = False
        #: whether the last send found the result of an earlier job, and sent nothing
        self.cached = False
        #: where its live or last attempt was placed, and the version that was sent
        self.node: str | None = None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Rebuild the job from its row in `crobot.jobs`."""
        job = cls.__new__(cls)
        CRobotJob.__init__(
            job,
            pipeline=row.pipeline,
            version=row.kwargs.get("version", ""),
            type=row.type,
            tag=row.tag,
            database=row.database,
            user_id=row.user_id or 0,
            workgroup=row.workgroup,
            batch=row.batch,
            priority=row.priority,
            context=row.context,
            **{name: row.kwargs.get(name) for name in ("inputs", "params", "reads")},
        )
        job.job_id, job.node, job.chosen = row.id, row.node, row.context.get("chosen", {})
        return job

    # --- sending ------------------------------------------------------------------------------------------------------

    @property
    def task(self) -> JobTask:
        """The pipeline's task.

        Raises:
            UnknownPipeline: there is none of this name.
        """
        return job_task(self.pipeline)

    @property
    def unique_key(self) -> str:
        """Two live jobs never share it; empty: the job is like no other."""
        return ""

    @property
    def cache_key(self) -> str:
        """Jobs that share it have the same result: version, parameters, input files; empty: never."""
        return ""

    def has_result(self, session: Session, job_id: int) -> bool:
        """Whether the result of an earlier job with the same ``cache_key`` is still there."""
        return False

    def signature(self) -> Signature:
        """Return the Celery signature, for `group`, `chain` and `chord`.

        Raises:
            UnknownPipeline, UnknownSpecies: there is none of this name.
        """
        with transaction() as session:
            find_species(session, self.database)
        given = {"inputs": self.inputs, "params": self.params, "reads": self.reads, "version": self.version}
        details = {
            "type": self.type,
            "tag": self.tag,
            "database": self.database,
            "user_id": self.user_id,
            "workgroup": self.workgroup,
            "batch": self.batch,
            "unique_key": self.unique_key,
            "cache_key": self.cache_key,
            "context": self.context,
            "cores": self.chosen.get("cores"),
            "memory_bytes": self.chosen.get("memory_bytes"),
        }
        kwargs = {name: value for name, value in given.items() if value}
        options = {
            "priority": self.priority,
            "time_limit": self.chosen.get("time_s"),
            "soft_time_limit": self.chosen.get("soft_s"),
        }
        options = {name: value for name, value in options.items() if value is not None}
        return self.task.signature(kwargs=kwargs, immutable=self.immutable, job=details, **options)

    @classmethod
    def signatures(cls, session: Session, jobs: Sequence[Self]) -> Iterator[Signature]:
        """Return the signature of each of many jobs of one species."""
        yield from (job.signature() for job in jobs)

    def again(self) -> Self:
        """Return a job like this one, ready to be sent."""
        job = copy(self)
        job.job_id, job.node = None, None
        job.params = dict(self.params)
        job.context = {name: value for name, value in self.context.items() if name not in OF_ONE_SEND}
        return job

    def send_job(self, *, again: bool = False) -> int:
        """Send the job, in the transaction that is open or in its own; a live job for the same thing is joined.

        If an earlier job had the same input, version and parameters, and its result is there, that job is the answer:
        nothing is sent or counted, unless ``again`` asks for it. (One that ends in this very moment may be missed.)

        Raises:
            BadInput: it cannot work, or sends are gathered by ``together()``; nothing was stored.
        """
        if collected() is not None:
            raise BadInput("no job has a number within `with together():`: send many by send_jobs([...])")
        with transaction(self.database) as session:
            if again or not self.is_answered(session):
                # Nobody has the task id, so nobody can wait for a result of Celery's: it would only lie in the broker.
                self.note_sent(session, self.signature().apply_async(ignore_result=True))
        return self.number

    def note_sent(self, session: Session, result: JobResult) -> None:
        """Take over what became of a send of this job."""
        self.job_id, self.joined, self.cached = result.job_id, result.joined, False
        if self.joined and (live := jobs.find(session, self.number)):
            # a job that was joined keeps the context of its own send
            self.context = live.context

    def is_answered(self, session: Session) -> bool:
        """Whether an earlier job has the result of this one; if so, this becomes that job."""
        key = self.cache_key
        return bool(key) and self.becomes(session, jobs.cached(session, [key]).get(key))

    def becomes(self, session: Session, earlier: Any) -> bool:
        """Become an earlier job, of the same ``cache_key``, if there is one and its result is still there."""
        if earlier is None or not self.has_result(session, earlier.id):
            return False
        self.job_id, self.context, self.cached = earlier.id, earlier.context, True
        return True

    # --- the life of the job, as `crobot_tasks.lifecycle.job_types.JobClass` describes it -----------------------------

    @classmethod
    def parked(cls, session: Session, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) Note new jobs in the log of all jobs."""
        user_jobs.sent_each(session, [_line(job_id, new) for job_id, new in jobs])

    def read_outputs(self, result: dict[str, Any]) -> Outputs:
        """(d) Check the files that the result names, and read those in ``texts``.

        Raises:
            OSError: one is not there, or cannot be read here and now.
            BadPath: one is not the job's own, or no regular file.
        """
        return read_outputs(self.number, result, self.texts)

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Note the end of the job; subclasses write its results first."""
        self.note_end(session, JobState.COMPLETE, version=result.get("pipeline_version"))
        return None

    def process_failure(self, session: Session, message: str) -> None:
        """(d) Note that the job failed for good."""
        self.note_end(session, JobState.FAILED)

    @classmethod
    def process_cancels(cls, session: Session, cancelled: Sequence[Self]) -> None:
        """(d) Note that nobody wants these jobs any more."""
        user_jobs.cancelled(session, [job.number for job in cancelled])

    @property
    def number(self) -> int:
        """The number of a job that was sent."""
        assert self.job_id is not None
        return self.job_id

    @property
    def lookup_keys(self) -> Sequence[Key]:
        """The rows of `assembly_lookup` that count this job while it is live."""
        return ()

    def note_end(self, session: Session, status: str, **values: Any) -> None:
        """Write the job's end into the log of all jobs."""
        user_jobs.ended(session, self.number, status, **values)

    def provenance(self, result: dict[str, Any]) -> dict[str, Any]:
        """Return how a result came about: pipeline, tools, inputs with checksums, node, CPU seconds, peak memory."""
        usage = result.get("usage") or {}
        return {
            "pipeline_version": result.get("pipeline_version", ""),
            "tools": result.get("tools", {}),
            "inputs": result.get("inputs", {}),
            "node": self.node,
            **{name: usage.get(name) for name in ("wall_s", "cpu_s", "peak_memory_bytes")},
        }


def _line(job_id: int, new: NewJob) -> user_jobs.Line:
    shared = new.shared
    return user_jobs.Line(
        job_id, new.own.tag, shared.user_id, shared.database or "", shared.type, shared.version
    )


def digest(*values: Any) -> str:
    """Return a short text that equal values share."""
    return blake2b(dumps(values, sort_keys=True).encode(), digest_size=16).hexdigest()
