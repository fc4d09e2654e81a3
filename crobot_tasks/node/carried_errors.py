"""(c, d) Exceptions between a body and its report: Celery loses those that it cannot pickle, and reports are JSON."""

from __future__ import annotations

import json
import pickle
from typing import Any

from crobot_errors import AttemptError, BadInput, InternalError, described, text_of
from crobot_tasks.broker.exceptions import CARRIED_BYTES, exception_json
from crobot_tasks.broker.json_values import plain

#: Celery hands exceptions on through a pipe
PICKLED_BYTES = 1_000_000


def carried(error: BaseException) -> BaseException:
    """Return the exception if Celery hands it on as it is; else one that says the same, and keeps its kind."""
    if _is_carried(error):
        return error
    exception = exception_json(error)
    if not isinstance(error, AttemptError):
        return InternalError(described(error), exception=exception)
    stand_in = InternalError(text_of(error), exception=exception, usage=usage_of(error.details))
    stand_in.kind = error.kind
    return stand_in


def usage_of(details: Any) -> dict[str, Any] | None:
    """Return what the tools of an attempt used, from its result or its failure, as far as a report takes it."""
    try:
        usage = plain(details.get("usage") if isinstance(details, dict) else None, "usage")
    except BadInput:
        return None
    if not isinstance(usage, dict) or len(json.dumps(usage)) <= CARRIED_BYTES:
        return usage if isinstance(usage, dict) else None
    return {name: value for name, value in usage.items() if isinstance(value, int | float)}


def _is_carried(error: BaseException) -> bool:
    # Celery catches no others: they would end the process.
    if not isinstance(error, Exception):
        return False
    try:
        pickled = pickle.dumps(error)
        return len(pickled) <= PICKLED_BYTES and type(pickle.loads(pickled)) is type(error)  # noqa: S301 (our own)
    # Code of the exception's own class runs here, and may raise whatever it likes.
    except BaseException:  # noqa: BLE001
        return False
