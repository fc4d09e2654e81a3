"""(a) JobTask: `apply_async` writes a row and publishes nothing; group, chain and chord notice no difference."""

from __future__ import annotations

from typing import Any

from celery import Task, chord
from celery.exceptions import Ignore, ImproperlyConfigured
from celery.utils import uuid
from celery.utils.functional import maybe_list

import crobot_tasks.lifecycle.calls.each_item  # noqa: F401 (it makes jobs of the items of `map`)
from crobot_errors import CRobotError
from crobot_tasks.broker import deputy
from crobot_tasks.lifecycle.calls.failure_arguments import revived
from crobot_tasks.lifecycle.calls.sends import collected
from workers.job import Resources


class Replaced(Ignore):
    """Ends a body whose job another task, or a canvas, takes the place of."""

    def __init__(self, signature: Any) -> None:
        super().__init__("replaced by another task")
        self.signature = signature


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
    #: whether its tools have the time limit, so that Celery's own comes later and only if the body hangs
    runs_tools = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """(c) Run the job on a node; anywhere else, an ordinary call."""
        # in a body it is an ordinary call, too: Celery's tracer calls with the attempt's own request
        if self.app.node is None or self.request.called_directly or self.request.get("attempt_id"):
            return super().__call__(*args, **kwargs)
        return self.app.node.run(self, revived(self.app.backend, args), kwargs)

    def start_strategy(self, app: Any, consumer: Any, **kwargs: Any) -> Any:
        """(a) Say what a worker does with messages to this task: a node runs it, any other parks a job."""
        if app.node is not None:
            return super().start_strategy(app, consumer, **kwargs)
        return deputy.strategy(app.tasks["crobot.park_message"], app, consumer)

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

    def update_state(
        self, task_id: str | None = None, state: str | None = None, meta: Any = None, **kwargs: Any
    ) -> None:
        """Tell how far the job is, from its body: `AsyncResult`, `crobot show` and `crobot wait` have it soon after.

        Raises:
            BadInput: the state is not a body's to give, or the meta is too large or no JSON.
            CRobotError: another task is named, whose state only that task can tell.
        """
        if self.app.node is None:
            super().update_state(task_id, state, meta, **kwargs)
        elif task_id in (None, self.request.id):
            self.app.node.tell(self.request, state, meta)
        else:
            raise CRobotError(
                f"{self.name}: a body tells the state of its own task, and not that of {task_id}: leave task_id out"
            )

    def AsyncResult(self, task_id: str, **kwargs: Any) -> Any:  # noqa: N802 (Celery's name)
        """Return the job's result by its public task id: a `JobResult`, except on a node, which has no database."""
        if self.app.node is not None:
            return super().AsyncResult(task_id, **kwargs)
        return self.app.parking.result_of(self, task_id, **kwargs)

    def for_each(self, calls: list[Any], options: dict[str, Any]) -> Any:
        """Return the canvas that stands in the place of Celery's map: a job for each call, and the list of results."""
        jobs = [self.si(*call).set(**options) for call in calls]
        return chord(jobs, self.app.tasks["celery.accumulate"].s(index=0), app=self.app)

    def replace(self, sig: Any) -> Any:
        """Let another task, or a canvas, take this job's place: it is sent when the body's outcome is committed.

        Raises:
            Replaced: always in a body, which ends here.
            ImproperlyConfigured: as Celery, if it cannot take the place.
        """
        if self.app.node is None or self.request.called_directly or self.request.is_eager:
            return super().replace(sig)
        if "chord" in sig.options:
            raise ImproperlyConfigured("A signature replacing a task must not be part of a chord")
        if not getattr(sig, "tasks", True) and sig.get("subtask_type") == "chain":
            raise ImproperlyConfigured("Cannot replace with an empty chain")
        return self.on_replace(sig)

    def on_replace(self, sig: Any) -> Any:
        """End the body, or, where the head settles it, send what takes its place."""
        if self.app.node is None or self.request.is_eager:
            return super().on_replace(sig)
        raise Replaced(sig)

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
    ) -> Any:
        """Park the job: one row, committed with whatever transaction is open; returns a `JobResult`.

        Takes Celery's options (queue, routing_key and exchange are the head's to choose), and ``job``: see `Details` in
        `crobot_tasks.lifecycle.calls.call_options`.

        Raises:
            BadInput: the call cannot work; nothing was stored.
            DatabaseUnreachable: the database does not answer; nothing was stored.
        """
        options |= {"link": link, "link_error": link_error, "shadow": shadow}
        options = self.call_options(args, kwargs, **options)
        result = self._send(args or (), kwargs or {}, task_id or uuid(), options)
        parent = self.app.current_worker_task
        if parent and options.get("add_to_parent", True):
            parent.add_trail(result)
        return result

    def call_options(self, args: Any, kwargs: dict[str, Any] | None, **given: Any) -> dict[str, Any]:
        """Return all options of a call: those that are given, the task's own, and what it inherits from its parent."""
        options = self._get_exec_options() | given
        options |= {name: maybe_list(given.get(name)) for name in ("link", "link_error")}
        options["shadow"] = given.get("shadow") or self.shadow_name(args, kwargs, options)
        options.setdefault("ignore_result", self.ignore_result)
        inherit(self.app.current_worker_task, options)
        return options

    def _send(self, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]) -> Any:
        """Park the job, or leave it to whoever collects here what is sent."""
        sends = collected()
        if sends is not None:
            self.check_arguments(args, kwargs)
            if self.app.node is not None:  # a body hears at once what cannot work; elsewhere nobody would
                self.check(args, kwargs)
            sends.add(self.name, args, kwargs, task_id, options)
            return sends.note(self.AsyncResult(task_id))
        if self.app.node is not None:
            raise CRobotError(
                f"{self.name}: a calculation node has no database and sends no jobs; return, and let the head"
            )
        return self.app.parking.park(self, args, kwargs, task_id, options)

    def check_arguments(self, args: Any, kwargs: dict[str, Any]) -> None:
        """Raise TypeError, as Celery does, if the body cannot be called like this."""
        check = getattr(self, "__header__", None)
        if self.typing and check is not None:
            check(*args, **kwargs)


def inherit(parent: Any, options: dict[str, Any]) -> None:
    """Take root and parent from the task that is running here, as Celery's send_task does."""
    if parent:
        options["root_id"] = options.get("root_id") or parent.request.root_id or parent.request.id
        options["parent_id"] = options.get("parent_id") or parent.request.id
