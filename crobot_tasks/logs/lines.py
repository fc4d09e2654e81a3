"""How lines of the log look: as text, or each as one JSON document (CROBOT_LOG_FORMAT=json)."""

from __future__ import annotations

import logging
from typing import Any

from celery import signals
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.logs.facts import Facts

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
FORMATS = ("text", "json")
_NAMES = {"levelname": "level", "name": "logger", "exc_info": "exception"}
#: what Celery adds to a line that says the same in words; its arguments may be long
_LEFT_OUT = [*RESERVED_ATTRS, "data"]

#: whether this process writes lines: what is said to people is a line, too, if they are JSON
_begun = False


def begin() -> None:
    """Write lines as the settings say, those of Celery's workers, too; before any of its loggers is set up.

    Raises:
        BadInput: the settings name another format.
    """
    global _begun
    if celeryconfig.crobot_log_format not in FORMATS:
        raise BadInput(
            f"CROBOT_LOG_FORMAT is {celeryconfig.crobot_log_format!r}: known are {', '.join(FORMATS)}"
        )
    _begun = True
    if are_json():
        signals.after_setup_logger.connect(_adopt)
        signals.after_setup_task_logger.connect(_adopt)


def are_json() -> bool:
    """Whether lines of this process are JSON."""
    return _begun and celeryconfig.crobot_log_format == "json"


def handler() -> logging.Handler:
    """Return a handler that writes lines to the standard error, for a process that is no worker of Celery's."""
    made = logging.StreamHandler()
    made.setFormatter(json_formatter() if are_json() else logging.Formatter(TEXT))
    made.addFilter(Facts())
    return made


def json_formatter() -> logging.Formatter:
    """Return what makes a line of JSON: ``time``, ``level``, ``logger``, ``message``, and the facts."""
    return JsonFormatter(
        "%(levelname)s %(name)s %(message)s", rename_fields=_NAMES, timestamp="time", reserved_attrs=_LEFT_OUT
    )


def line(text: str) -> str:
    """Return a sentence to people as a line of JSON."""
    record = logging.makeLogRecord(
        {"name": "crobot", "levelname": "INFO", "levelno": logging.INFO, "msg": text}
    )
    Facts().filter(record)
    return json_formatter().format(record)


def adopt(logger: logging.Logger) -> None:
    """Let a logger that somebody else has set up write lines of JSON."""
    for each in logger.handlers:
        each.setFormatter(json_formatter())
        if not any(isinstance(one, Facts) for one in each.filters):
            each.addFilter(Facts())


def _adopt(logger: logging.Logger, **_: Any) -> None:
    adopt(logger)
