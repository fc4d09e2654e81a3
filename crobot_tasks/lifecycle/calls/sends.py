"""(d, e) What a body or a settlement sends is collected first, and committed with its outcome; knows no database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from kombu import Queue

from crobot_tasks.broker.json_values import plain

#: options of a call that mean something only to the process that makes it
_LOCAL = ("producer", "publisher", "connection", "router", "result_cls", "task_type", "add_to_parent")


@dataclass(frozen=True)
class Send:
    """One call of a task, a job or a plain one, that is not sent yet; as plain JSON."""

    name: str
    args: list[Any]
    kwargs: dict[str, Any]
    task_id: str
    #: Celery's options, and ``job``
    options: dict[str, Any]


@dataclass
class Sends:
    """What was sent while it was collected, in order."""

    calls: list[Send] = field(default_factory=list)
    #: how many results a chord waits for, by its group id
    chord_sizes: dict[str, int] = field(default_factory=dict)
    #: results of groups that Celery's canvas keeps, by group id
    groups: dict[str, Any] = field(default_factory=dict)
    #: by how many results a chord has grown since it was sent, by its group id
    chord_growth: dict[str, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything was sent."""
        return any((self.calls, self.chord_sizes, self.groups, self.chord_growth))

    def add(self, name: str, args: Any, kwargs: Any, task_id: str, options: dict[str, Any]) -> None:
        """Collect a call.

        Raises:
            BadInput: it cannot be written as JSON.
        """
        kept = {key: value for key, value in options.items() if value is not None and key not in _LOCAL}
        if isinstance(kept.get("queue"), Queue):
            kept["queue"] = kept["queue"].name
        self.calls.append(
            Send(
                name=name,
                args=plain(list(args or ()), f"args of {name}"),
                kwargs=plain(dict(kwargs or {}), f"kwargs of {name}"),
                task_id=task_id,
                options=plain(kept, f"options of {name}"),
            )
        )

    def note(self, result: Any) -> Any:
        """Hear of the result that a call returned, and return it."""
        return result

    def wait_for(self, result: Any) -> None:
        """Hear that somebody, a group say, waits for a result; here nobody will."""


_collected: ContextVar[Sends | None] = ContextVar("crobot_sends", default=None)


def collected() -> Sends | None:
    """Return where sends are collected here and now; None if they are sent at once."""
    return _collected.get()


@contextmanager
def collecting(sends: Sends) -> Iterator[Sends]:
    """Collect in ``sends`` what is sent until the block ends."""
    token = _collected.set(sends)
    try:
        yield sends
    finally:
        _collected.reset(token)


@contextmanager
def at_once() -> Iterator[None]:
    """Send at once what is sent until the block ends, whoever collects around it."""
    token = _collected.set(None)
    try:
        yield
    finally:
        _collected.reset(token)
