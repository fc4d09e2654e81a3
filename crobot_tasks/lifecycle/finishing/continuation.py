"""(c, d) How it goes on after a body: what it sends, what takes its place, another try; travels in its report."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import revive
from crobot_tasks.lifecycle.calls.sends import Send, Sends

#: calls of one body; each is a row
MOST_CALLS = 100_000
#: characters of a task's name, and of an id
_CHARACTERS = 500
#: results that a chord waits for, and seconds until the next try
_MOST = 2**31 - 1


@dataclass(frozen=True)
class Again:
    """What `self.retry` asked for."""

    #: which try comes next, as Celery counts: 1 is the first after the original call
    retries: int
    args: list[Any]
    kwargs: dict[str, Any]
    countdown_s: float | None = None
    eta: datetime | None = None
    #: a time, or seconds from now
    expires: datetime | float | None = None
    time_limit_s: float | None = None
    priority: int | None = None


@dataclass(frozen=True)
class Continuation:
    """What a body left to be done when it ended."""

    sends: Sends = field(default_factory=Sends)
    #: a signature that takes the place of the job, as Celery writes it
    replacement: dict[str, Any] | None = None
    again: Again | None = None
    #: the results of what was sent, as Celery stores them with the parent's result
    children: list[Any] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is anything to be done."""
        return any(vars(self).values())


def named(calls: Iterable[Send]) -> str:
    """Return the names of tasks, and how often each was called."""
    return ", ".join(f"{name} × {times}" for name, times in Counter(call.name for call in calls).items())


def again_columns(again: Again) -> dict[str, Any]:
    """Return what a job's row says of it until it is run again."""
    in_seconds = isinstance(again.expires, int | float)
    return {
        "retries": again.retries,
        "args": again.args,
        "kwargs": again.kwargs,
        "countdown_s": again.countdown_s,
        "eta": again.eta,
        "expires_at": None if in_seconds else again.expires,
        "expires_s": again.expires if in_seconds else None,
        "time_limit_s": again.time_limit_s,
        "priority": again.priority,
    }


def to_json(continuation: Continuation) -> dict[str, Any]:
    """Return it as a report says it; arguments and options are plain JSON already."""
    return asdict(continuation)


def checked(value: Any) -> Continuation:
    """Return what a report says, checked by type and size.

    Raises:
        BadInput: no node would say this.
    """
    if value is None:
        return Continuation()
    value = _of("what it sends", value, dict)
    again, replacement = value.get("again"), value.get("replacement")
    return Continuation(
        sends=_sends(_of("sends", value.get("sends", {}), dict)),
        replacement=None if replacement is None else _signature(replacement),
        again=None if again is None else _again(_of("another try", again, dict)),
        children=_of("children", value.get("children", []), list),
    )


def _sends(value: dict[str, Any]) -> Sends:
    calls = _of("calls", value.get("calls", []), list)
    if len(calls) > MOST_CALLS:
        raise BadInput(
            f"a body sent {len(calls)} tasks; {MOST_CALLS} is the most. Send a few that send the rest"
        )
    return Sends(
        calls=[_call(_of("a call", call, dict)) for call in calls],
        chord_sizes=_numbers("chord_sizes", value.get("chord_sizes", {})),
        groups={
            _text("a group's id", key): one
            for key, one in _of("groups", value.get("groups", {}), dict).items()
        },
        chord_growth=_numbers("chord_growth", value.get("chord_growth", {})),
    )


def _call(value: dict[str, Any]) -> Send:
    return Send(
        name=_text("a task's name", value.get("name")),
        args=_of("args", value.get("args"), list),
        kwargs=_of("kwargs", value.get("kwargs"), dict),
        task_id=_text("a task's id", value.get("task_id")),
        options=_of("options", value.get("options"), dict),
    )


def _signature(value: Any) -> dict[str, Any]:
    signature: dict[str, Any] = _of("a replacement", value, dict)
    _text("a replacement's name", signature.get("task"))
    return signature


def _again(value: dict[str, Any]) -> Again:
    eta, expires = revive([value.get("eta"), value.get("expires")])
    return Again(
        retries=int(_number("retries", value.get("retries"))),
        args=_of("args", value.get("args"), list),
        kwargs=_of("kwargs", value.get("kwargs"), dict),
        countdown_s=_optional("countdown_s", value.get("countdown_s")),
        eta=_time("eta", eta),
        expires=_time("expires", expires)
        if isinstance(expires, str | datetime)
        else _optional("expires", expires),
        time_limit_s=_optional("time_limit_s", value.get("time_limit_s")),
        priority=None if value.get("priority") is None else int(_number("priority", value["priority"], 9)),
    )


def _time(name: str, value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else _of(name, value, datetime | None)
    except ValueError as error:
        raise BadInput(f"{name} is {value!r:.80}, not a time") from error


def _numbers(name: str, value: Any) -> dict[str, int]:
    return {_text(name, key): int(_number(name, one)) for key, one in _of(name, value, dict).items()}


def _optional(name: str, value: Any) -> float | None:
    return None if value is None else _number(name, value)


def _number(name: str, value: Any, most: float = _MOST) -> float:
    if (
        not isinstance(value, int | float)
        or isinstance(value, bool)
        or not 0 <= value <= most
        or math.isnan(value)
    ):
        raise BadInput(f"{name} is {value!r:.80}, not a number from 0 to {most}")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _CHARACTERS:
        raise BadInput(f"{name} is {value!r:.80}, not a text of 1 to {_CHARACTERS} characters")
    return value


def _of(name: str, value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise BadInput(f"{name} is {value!r:.80}, not a {getattr(kind, '__name__', kind)}")
    return value
