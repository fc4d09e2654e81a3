"""(e) The three arguments of an errback that takes the failure itself, as they travel in a message, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from celery.app.task import Context

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain, storable

#: the only key of a dict that stands for a request, or for an exception
_REQUEST, _ERROR = "crobot.request", "crobot.error"


def carried(backend: Any, request: Any, error: BaseException, traceback: Any) -> list[Any]:
    """Return request, exception and traceback as JSON; parts of the request that are none are left out."""
    said = {name: value for name, value in vars(request).items() if not name.startswith("_")}
    written = {name: value for name, value in said.items() if _is_json(name, value)}
    exception = storable(backend.prepare_exception(error, "json"))
    return [{_REQUEST: written}, {_ERROR: exception}, traceback and storable(str(traceback))]


def _is_json(name: str, value: Any) -> bool:
    try:
        plain(value, name)
    except BadInput:
        return False
    return True


def revived(backend: Any, arguments: Iterable[Any]) -> list[Any]:
    """Undo `carried` in the arguments of a call; all others stay as they are."""
    return [_revived(backend, one) for one in arguments]


def _revived(backend: Any, argument: Any) -> Any:
    if isinstance(argument, dict) and len(argument) == 1:
        if _REQUEST in argument:
            return Context(argument[_REQUEST])
        if _ERROR in argument:
            return backend.exception_to_python(argument[_ERROR])
    return argument
