"""(a) JobTask: `apply_async` writes a row and publishes nothing; group, chain and chord notice no difference."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from celery import Task, group
from celery.result import AsyncResult
from celery.utils import uuid
from celery.utils.functional import maybe_list

from crobot_errors import BadInput, CRobotError
from crobot_tasks import attempts, refuse
from crobot_tasks.cancel import cancel
from crobot_tasks.options import Details, chosen_of, details_of, owed, priority_of, whole_seconds
from crobot_tasks.plain import plain
from crobot_tasks.registry import job_class
from db import jobs, parking
from db.engine import patiently, retrying, transaction
from workers.job import Resources


class JobResult(AsyncResult):
    """Celery's AsyncResult of a job: `revoke` cancels the job itself."""

    @cached_property
    def job_id(self) -> int | None:
        """The job's number; None if no job has this task id."""
        with transaction() as session:
            return jobs.by_task_id(session, self.id)

    def revoke(self, *args: Any, **kwargs: Any) -> None:
        """Cancel the job, wherever it is."""
        if self.job_id is not None:
            cancel(self.job_id)


class JobTask(Task):
    """A task whose calls become jobs: parked in the database, run on a calculation node, finished exactly once."""

    abstract = True
    #: version of what it computes; a node must offer the same
    version = ""
    #: what one attempt asks for, if the task does not compute it
    cores = 1
    memory_bytes = 256 * 1024**2
    disk_bytes = 0
    #: typical seconds; short jobs may queue on a node
    expected_s = 60.0
    default_time_limit_s = 24 * 3600

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """(c) Run the job on a node; anywhere else, an ordinary call."""
        if self.app.spool is None or self.request.called_directly:
            return super().__call__(*args, **kwargs)
        return attempts.run(self, args, kwargs)

    def resources(self, args: Any, kwargs: dict[str, Any]) -> Resources:
        """Say what one attempt of this call asks for."""
        limit = self.time_limit or self.default_time_limit_s
        return Resources(self.cores, self.memory_bytes, self.disk_bytes, int(limit))

    def expected_seconds(self, args: Any, kwargs: dict[str, Any]) -> float:
        """Say how long this call typically takes."""
        return self.expected_s

    def data(self, args: Any, kwargs: dict[str, Any]) -> list[str]:
        """Name what this call reads (accessions, paths): a node that has it in hand is preferred."""
        return []

    def check(self, args: Any, kwargs: dict[str, Any]) -> None:
        """Raise BadInput for a call that cannot work."""

    def wanted_version(self, kwargs: dict[str, Any]) -> str:
        """Return the version that a node must offer."""
        return self.version

    def AsyncResult(self, task_id: str, **kwargs: Any) -> JobResult:  # noqa: N802 (Celery's name)
        """Return the job's result by its public task id."""
        return JobResult(task_id, backend=self.backend, task_name=self.name, app=self.app, **kwargs)

    def map(self, it: Any) -> Any:
        """Return a canvas that gives the list of this job's results for each item, each item a job of its own."""
        return self.starmap((item,) for item in it)

    def starmap(self, it: Any) -> Any:
        """Return a canvas with the result of Celery's starmap, which would run all items in one process of the head."""
        return group(self.s(*item) for item in it) | self.app.tasks["celery.accumulate"].s(index=0)

    def chunks(self, it: Any, n: int) -> Any:
        """Return a group of starmaps of ``n`` items each."""
        items = list(it)
        return group(self.starmap(items[start : start + n]) for start in range(0, len(items), n))

    def apply_async(
        self,
        args: Any = None,
        kwargs: dict[str, Any] | None = None,
        task_id: str | None = None,
        producer: Any = None,
        link: Any = None,
        link_error: Any = None,
        shadow: str | None = None,
        **options: Any,
    ) -> JobResult:
        """Park the job: one row, committed with whatever transaction is open.

        Takes Celery's options (queue, routing_key and exchange are the head's to choose), and ``job``: see `Details` in
        `crobot_tasks.options`.

        Raises:
            BadInput: the call cannot work; nothing was stored.
            DatabaseUnreachable: the database does not answer; nothing was stored.
        """
        if self.app.spool is not None:
            raise CRobotError(
                f"{self.name}: a calculation node has no database and sends no jobs; return, and let the head"
            )
        args, kwargs, task_id = args or (), kwargs or {}, task_id or uuid()
        options = dict(
            self._get_exec_options(), link=maybe_list(link), link_error=maybe_list(link_error), **options
        )
        _inherit(self.app.current_worker_task, options)
        parent, refused = self.app.current_worker_task, None
        settling = refuse.is_settling(parent)
        try:
            row = self._row(args, kwargs, options)
        except BadInput as error:
            if not settling:
                raise
            row, refused = self._refused_row(options), str(error)
        row |= owed(task_id, options)
        result = self.AsyncResult(task_id)
        # An error here would end what goes on with this job, a chain or a chord, as failed.
        park = patiently if settling else retrying
        result.job_id = park(lambda: _park(row, refused))
        result.ignored = row["ignore_result"]
        if parent and options.get("add_to_parent", True):
            parent.add_trail(result)
        return result

    def _asked(self, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Check the call, and return what the row says of its needs."""
        if self.typing:
            _check_arguments(self, args, kwargs)
        version = self.wanted_version(kwargs)
        self.check(args, kwargs)
        resources = self.resources(args, kwargs)
        return vars(resources) | {
            "time_s": whole_seconds(resources.time_s),
            "version": version,
            "expected_s": self.expected_seconds(args, kwargs),
            "data": self.data(args, kwargs),
        }

    def _refused_row(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the row of a call that cannot work."""
        nothing = vars(Resources(1, 0, 0, 0)) | {"expected_s": 0.0, "version": "", "data": []}
        try:
            details = details_of(options.get("job"), self.name)
        except BadInput:
            details = Details()
        return self._columns((), {}, details, 5, nothing)

    def _row(self, args: Any, kwargs: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        details, priority = details_of(options.get("job"), self.name), priority_of(options.get("priority"))
        chosen = chosen_of(details, options)
        if chosen:
            # a resend chooses the same
            details = replace(details, context=details.context | {"chosen": chosen})
        return self._columns(args, kwargs, details, priority, self._asked(args, kwargs) | chosen)

    def _columns(
        self, args: Any, kwargs: dict[str, Any], details: Details, priority: int, asked: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "pipeline": self.name,
            "version": asked["version"],
            "type": details.type,
            "tag": details.tag,
            "database": details.database,
            "batch": details.batch,
            "user_id": details.user_id or 0,
            "workgroup": details.workgroup,
            "priority": priority,
            "args": plain(list(args), "args"),
            "kwargs": plain(kwargs, "kwargs"),
            "context": plain(details.context, "context"),
            "cores": asked["cores"],
            "memory_bytes": asked["memory_bytes"],
            "disk_bytes": asked["disk_bytes"],
            "time_limit_s": asked["time_s"],
            "expected_s": asked["expected_s"],
            "data": asked["data"],
            "same_key": details.same_key or None,
            "answer_key": details.answer_key or None,
        }


def _park(row: dict[str, Any], refused: str | None) -> int:
    with transaction(row["database"]) as session:
        parked = parking.park(session, row)
        if parked.created:
            if row["type"]:
                job_class(row["type"], row["pipeline"]).parked(session, parked.job_id, row)
            if refused:
                refuse.refuse(session, parked.job_id, refused)
        return parked.job_id


def _inherit(parent: Any, options: dict[str, Any]) -> None:
    """Take root and parent from the task that is running here, as Celery's send_task does."""
    if parent:
        options["root_id"] = options.get("root_id") or parent.request.root_id or parent.request.id
        options["parent_id"] = options.get("parent_id") or parent.request.id


def _check_arguments(task: JobTask, args: Any, kwargs: dict[str, Any]) -> None:
    check = getattr(task, "__header__", None)
    if check is not None:
        check(*args, **kwargs)
