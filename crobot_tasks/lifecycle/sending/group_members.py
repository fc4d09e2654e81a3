"""(a) A group of single jobs is called as Celery calls it, without the copies that its canvas makes of each member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from celery import group
from celery.canvas import Signature
from celery.utils import uuid

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.sends import Sends, collecting
from crobot_tasks.lifecycle.job_task import JobTask

#: what `group.apply_async` gives to all members
_OF_ALL = {"ignore_result": True, "add_to_parent": False}


def call_members(signatures: Sequence[Signature], sends: Sends) -> None:
    """Call jobs as one group, of which nobody wants the results, and collect the calls; their order is the group's.

    Raises:
        TypeError: a body cannot be called like this.
    """
    if not all(map(_is_single, signatures)):
        with collecting(sends):
            group(signatures).apply_async(**_OF_ALL)
        return
    of_group = {"group_id": uuid(), "reply_to": app.thread_oid}
    for index, signature in enumerate(signatures):
        _call(signature, of_group | signature.options | {"group_index": index} | _OF_ALL, sends)


def _is_single(signature: Signature) -> bool:
    """Whether calling it is nothing but a call of its task."""
    task = app.tasks.get(signature.task)
    has_own_call = getattr(type(task), "apply_async", None) is JobTask.apply_async
    return type(signature) is Signature and has_own_call and "chord" not in signature.options


def _call(signature: Signature, options: dict[str, Any], sends: Sends) -> None:
    task: JobTask = app.tasks[signature.task]
    args, kwargs, task_id = tuple(signature.args), signature.kwargs, options.pop("task_id", None) or uuid()
    task.check_arguments(args, kwargs)
    sends.add(task.name, args, kwargs, task_id, task.call_options(args, kwargs, **options))
