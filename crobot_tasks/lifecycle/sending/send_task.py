"""(a) What `app.send_task` does here, the door of all plain tasks and of all names: a job's name parks a job."""

from __future__ import annotations

from typing import Any

from celery.utils import uuid
from celery.utils.functional import maybe_list

from crobot_tasks.lifecycle.calls.sends import Sends, collected
from crobot_tasks.lifecycle.job_task import JobTask, inherit


def send_task(app: Any, name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> Any:
    """Send a task by its name, or leave it to whoever collects here what is sent; ``options`` are Celery's.

    Raises:
        BadInput: it is a job that cannot work, or it is collected and cannot be written as JSON.
    """
    task = _known(app, name)
    if isinstance(task, JobTask):
        return task.apply_async(args, kwargs, **options)
    sends = collected()
    if sends is None:
        return app.publish(name, args=args, kwargs=kwargs, **options)
    return _collect(sends, app, name, args, kwargs, options)


def _known(app: Any, name: str) -> Any:
    """Return the task of this name, also in a process that has sent nothing yet."""
    if name not in app.tasks:
        app.loader.import_default_modules()
    return app.tasks.get(name)


def _collect(sends: Sends, app: Any, name: str, args: Any, kwargs: Any, options: dict[str, Any]) -> Any:
    task_id = options.pop("task_id", None) or uuid()
    options |= {name: maybe_list(options[name]) for name in ("link", "link_error") if options.get(name)}
    parent = app.current_worker_task
    inherit(parent, options)
    sends.add(name, args, kwargs, task_id, options)
    result = (options.get("result_cls") or app.AsyncResult)(task_id)
    result.ignored = options.get("ignore_result")
    if parent and options.get("add_to_parent", True):
        parent.add_trail(result)
    return result
