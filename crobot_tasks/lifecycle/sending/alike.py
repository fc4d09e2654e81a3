"""(a) Calls that are alike: of many, the first is checked as any call, and the others only in what each has of its own.

What a call says that is not looked at here makes it unusual, and it is checked as any call, too.
"""

from __future__ import annotations

import re
from json import loads
from types import NoneType
from typing import Any

from celery.utils import uuid

from crobot_tasks.broker.json_values import as_text, is_storable, plain
from crobot_tasks.lifecycle.calls.caller import is_heard
from crobot_tasks.lifecycle.calls.new_job import NewJob, Own
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.sending.check_call import new_job
from crobot_tasks.logs import traceparent
from db.jsonb import to_json

#: options that may be the same for many calls; a call with any other is like no other
SAME = frozenset(
    "priority ignore_result time_limit soft_time_limit group_id root_id parent_id reply_to shadow retries"
    " replaced_task_nesting".split()
)
#: options that each call may have of its own
OWN = ("group_index", "job")
#: options that say nothing of a job: they are the sender's own, or where a message would go
IGNORED = frozenset(
    "add_to_parent compression connection delivery_mode exchange immediate mandatory producer publisher queue"
    " result_cls router routing_key serializer task_type".split()
)
#: details, in the option ``job``, that may be the same for many calls, and that each may have of its own
SAME_DETAILS = frozenset("type database user_id workgroup batch cores memory_bytes traceparent".split())
NAMES = ("tag", "unique_key", "cache_key")
OWN_DETAILS = (*NAMES, "context")

_NOT_SAME = IGNORED | {*OWN}
#: what a task may compute from the arguments of a call
_COMPUTED = ("resources", "expected_seconds", "data", "check", "wanted_version")
#: a value of another type might change after it was compared
_COMPARED = {str, int, float, bool, NoneType}
#: a task id that is JSON as it is
_TASK_ID = re.compile(r"[\w.:-]+", re.ASCII)
#: a body can only be called with these
_ARGUMENTS = (tuple, list)
_NOTHING: dict[str, Any] = {}
_NAMELESS = ("", "", "")


class Alike:
    """Makes new jobs of calls; it remembers the last usual call of each task."""

    def __init__(self) -> None:
        self._firsts: dict[str, _First] = {}

    def new_job(
        self, task: JobTask, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
    ) -> NewJob:
        """Check a call, and return what is to be stored of it: the same as `check_call.new_job` does.

        Raises:
            BadInput: it cannot work.
        """
        if type(options.get("job")) not in (dict, NoneType):
            return new_job(task, args, kwargs, task_id, options)
        kind = _kind(options)
        first = self._firsts.get(task.name)
        if first is not None and first.kind == kind and not is_heard():
            like = first.like(args, kwargs, task_id, options)
            if like is not None:
                return like
        new = new_job(task, args, kwargs, task_id, options)
        if _is_usual(kind, new):
            self._firsts[task.name] = _First(task, kind, new, args, kwargs)
        return new


#: what calls that are alike share
_Kind = tuple[dict[str, Any], dict[str, Any], list[type], str | None, bool]


def _kind(options: dict[str, Any]) -> _Kind:
    same = {name: options[name] for name in options if options[name] is not None and name not in _NOT_SAME}
    details = options.get("job") or _NOTHING
    if details:
        details = {name: details[name] for name in details if name not in OWN_DETAILS}
    # a number and a bool may be equal, and mean something else
    types = [*map(type, same.values()), *map(type, details.values())]
    return same, details, types, traceparent.arrived.get(), options.get("group_index") is None


def _is_usual(kind: _Kind, new: NewJob) -> bool:
    """Whether nothing about such a call has to be looked at again in the next one."""
    same, details, types, _, _ = kind
    is_known = same.keys() <= SAME and details.keys() <= SAME_DETAILS and _COMPARED.issuperset(types)
    return is_known and new.own.options is None and new.own.stamps is None


class _First:
    """The first of calls that are alike, and what it takes to make a job of another."""

    def __init__(self, task: JobTask, kind: _Kind, new: NewJob, args: Any, kwargs: dict[str, Any]) -> None:
        self.kind, self._task, self._shared = kind, task, new.shared
        self._data = to_json(task.data(args, kwargs)) if _asks_for_the_same(task) else None
        self._needs = task.resources(args, kwargs)
        self._chosen = {name: value for name, value in new.context.items() if name == "chosen"}
        self._request, self._has_own_root = _common_request(new)

    def like(self, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]) -> NewJob | None:
        """Return the job of another call of this kind; None if it is unusual nevertheless.

        Raises:
            BadInput: it cannot work.
        """
        details = options.get("job") or _NOTHING
        names = tuple(details.get(name, "") for name in NAMES) if details else _NAMELESS
        if type(args) not in _ARGUMENTS or type(kwargs) is not dict or not all(map(_is_name, names)):
            return None
        context = self._context(details)
        args_text, kwargs_text, context_text = as_text(args), as_text(kwargs), as_text(context)
        request, data = self._request_of(task_id, options), self._data or self._data_of(args, kwargs)
        if (
            args_text is None
            or kwargs_text is None
            or context_text is None
            or request is None
            or data is None
        ):
            return None
        tag, unique_key, cache_key = names
        own = Own(
            uuid(),
            task_id,
            args_text,
            kwargs_text,
            request,
            context_text,
            data,
            tag,
            unique_key or None,
            cache_key or None,
        )
        return NewJob(self._shared, own, context)

    def _data_of(self, args: Any, kwargs: dict[str, Any]) -> str | None:
        """Return what a call reads; None if it asks for something else than the first."""
        task, shared = self._task, self._shared
        if task.wanted_version(kwargs) != shared.version:
            return None
        task.check(args, kwargs)
        if (
            task.resources(args, kwargs) != self._needs
            or task.expected_seconds(args, kwargs) != shared.expected_s
        ):
            return None
        return to_json(task.data(args, kwargs))

    def _context(self, details: dict[str, Any]) -> dict[str, Any]:
        context = details.get("context")
        return plain(context, "context") | self._chosen if context else self._chosen

    def _request_of(self, task_id: str, options: dict[str, Any]) -> str | None:
        index = options.get("group_index")
        if not _TASK_ID.fullmatch(task_id) or type(index) not in (int, NoneType):
            return None
        root = f', "root_id": "{task_id}"' if self._has_own_root else ""
        place = "" if index is None else f', "group_index": {index}'
        return f'{self._request}"id": "{task_id}"{root}{place}}}'


def _asks_for_the_same(task: JobTask) -> bool:
    """Whether all calls of a task ask for the same, since it computes nothing from their arguments."""
    return all(getattr(type(task), name) is getattr(JobTask, name) for name in _COMPUTED)


def _common_request(new: NewJob) -> tuple[str, bool]:
    """Return the begin of a request, with what is the same in all, and whether each call is its own root."""
    request = loads(new.own.request)
    has_own_root = request.get("root_id") == request["id"]
    own = ("id", "group_index", "root_id") if has_own_root else ("id", "group_index")
    common = to_json({name: value for name, value in request.items() if name not in own})
    return f"{common[:-1]}{', ' if common != '{}' else ''}", has_own_root


def _is_name(given: Any) -> bool:
    return given == "" or (type(given) is str and is_storable(given))
