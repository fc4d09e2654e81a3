"""(c, d) Exceptions between a body and its report: Celery loses those that it cannot pickle, and reports are JSON."""

from __future__ import annotations

import json
import pickle
from typing import Any

from crobot_errors import AttemptError, InternalError, named, said
from crobot_tasks.broker.json_values import plain, storable

#: a larger exception travels by what it says
CARRIED_BYTES = 16 * 1024


def carried(task: Any, error: BaseException) -> BaseException:
    """Return the exception if Celery hands it on as it is; else one that says the same, and keeps its kind."""
    if _is_carried(error):
        return error
    known = isinstance(error, AttemptError)
    stand_in = InternalError(said(error) if known else named(error), exception=as_json(task, error))
    if isinstance(error, AttemptError):
        stand_in.kind = error.kind
    return stand_in


def as_json(task: Any, error: BaseException) -> dict[str, Any]:
    """Return an exception as Celery's backends write it; one that is too odd or too large, by what it says."""
    if isinstance(error, AttemptError) and "exception" in error.details:
        return dict(error.details["exception"])
    try:
        written: dict[str, Any] = plain(
            storable(task.backend.prepare_exception(error, "json")), "an exception"
        )
        if len(json.dumps(written)) <= CARRIED_BYTES:
            return written
    # Code of the exception's own class runs here, and may raise whatever it likes.
    except BaseException:  # noqa: BLE001, S110
        pass
    cls = type(error)
    described = {"exc_type": cls.__qualname__, "exc_message": [said(error)], "exc_module": cls.__module__}
    return dict(storable(described))


def _is_carried(error: BaseException) -> bool:
    # Celery catches no others: they would end the process.
    if not isinstance(error, Exception):
        return False
    try:
        pickled = pickle.dumps(error)
        return len(pickled) <= CARRIED_BYTES and type(pickle.loads(pickled)) is type(error)  # noqa: S301 (our own)
    except BaseException:  # noqa: BLE001 (the same)
        return False
