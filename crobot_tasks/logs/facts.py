"""What lines of the log are about: facts that hold for all lines of a process, or while something is being done.

Names of facts: ``job``, ``attempt``, ``node``, ``request_id``, ``traceparent``. Only lines in JSON show them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: of this process, whatever it does
_always: dict[str, Any] = {}
_now: ContextVar[Mapping[str, Any] | None] = ContextVar("facts", default=None)


def always(**facts: Any) -> None:
    """Let all lines of this process, and of those that it forks, have these facts."""
    _always.update(facts)


def begin(**facts: Any) -> None:
    """Let lines have these facts, and no others, from now on; without any, what was being done is over."""
    _now.set(_known(facts))


@contextmanager
def about(**facts: Any) -> Iterator[None]:
    """Let lines that are written inside have these facts, too."""
    token = _now.set({**(_now.get() or {}), **_known(facts)})
    try:
        yield
    finally:
        _now.reset(token)


def of_attempt(job_id: int, number: int) -> dict[str, Any]:
    """Return the facts of a line on one attempt: ``log.info(…, extra=of_attempt(5, 1))``."""
    return {"job": job_id, "attempt": number}


class Facts(logging.Filter):
    """Gives a line the facts that hold when it is written; what the line itself says goes first."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add them."""
        for name, value in {**_always, **(_now.get() or {})}.items():
            if not hasattr(record, name):
                setattr(record, name, value)
        return True


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
