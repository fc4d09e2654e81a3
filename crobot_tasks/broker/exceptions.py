"""An exception as JSON: what Celery's backends make of it, however odd it is."""

from __future__ import annotations

import json
from typing import Any

from crobot_errors import AttemptError, text_of
from crobot_tasks.broker.json_values import plain, storable
from crobot_tasks.celery import app

#: a larger exception travels by what it says
CARRIED_BYTES = 16 * 1024


def exception_json(error: BaseException) -> dict[str, Any]:
    """Return an exception as Celery's backends write it; one that is too odd or too large, by what it says."""
    if isinstance(error, AttemptError) and "exception" in error.details:
        return dict(error.details["exception"])
    try:
        written: dict[str, Any] = plain(
            storable(app.backend.prepare_exception(error, "json")), "an exception"
        )
        if len(json.dumps(written)) <= CARRIED_BYTES:
            return written
    # Code of the exception's own class runs here, and may raise whatever it likes.
    except BaseException:  # noqa: BLE001, S110
        pass
    cls = type(error)
    return dict(
        storable(
            {"exc_type": cls.__qualname__, "exc_message": [text_of(error)], "exc_module": cls.__module__}
        )
    )
