"""What a form says of a change: a reason, a priority, other parameters; as people write it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain

_GIB = 1024**3
_CHARACTERS = 1000
_HOUR_S = 3600


@dataclass(frozen=True)
class Given:
    """What a change is made with; None and what is empty is as it was."""

    reason: str = ""
    priority: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    version: str | None = None
    cores: int | None = None
    memory_bytes: int | None = None
    time_limit_s: int | None = None

    def __str__(self) -> str:
        told = {**self.params, "reason": self.reason, "priority": self.priority, "version": self.version,
                "cores": self.cores, "memory_bytes": self.memory_bytes, "time_limit_s": self.time_limit_s}  # fmt: skip
        return ", ".join(
            f"{name} {value}"
            for name, value in told.items()
            if value not in (None, "") or name in self.params
        )


def given_by(asked: Callable[[str], str], names: tuple[str, ...]) -> Given:
    """Read these fields of a form.

    Raises:
        BadInput: one is not what it should be; the message names it and what it may be.
    """
    texts = {name: asked(name).strip() for name in names}
    memory_gib = _number("memory in GiB", texts.get("memory_gib", ""), 2**30)
    time_limit_h = _number("the time limit in hours", texts.get("time_limit_h", ""), 24 * 365)
    return Given(
        reason=_text("the reason", texts.get("reason", "")),
        priority=_whole("priority", texts.get("priority", ""), 0, 9),
        params=_params(texts.get("params", "")),
        version=_text("the version", texts.get("version", "")) or None,
        cores=_whole("cores", texts.get("cores", ""), 1, 1024),
        memory_bytes=None if memory_gib is None else int(memory_gib * _GIB),
        time_limit_s=None if time_limit_h is None else max(1, int(time_limit_h * _HOUR_S)),
    )


def _text(what: str, text: str) -> str:
    if len(text) > _CHARACTERS:
        raise BadInput(f"{what} is longer than {_CHARACTERS} characters: say it in fewer")
    return str(plain(text, what))


def _whole(what: str, text: str, first: int, last: int) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not first <= int(text[:20]) <= last:
        raise BadInput(f"{what} {text!r:.50} is not a whole number from {first} to {last}")
    return int(text)


def _number(what: str, text: str, most: int) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= most:  # also what is not a number
        raise BadInput(f"{what} {text!r:.50} is not a number above 0 and up to {most}")
    return number


def _params(text: str) -> Mapping[str, Any]:
    if not text:
        return {}
    way_out = 'write them as JSON: {"min_contig": 500}; null takes one away'
    try:
        params = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"the parameters cannot be read ({error}): {way_out}") from error
    if not isinstance(params, dict):
        raise BadInput(f"the parameters {text!r:.50} are no object: {way_out}")
    return dict(plain(params, "the parameters"))
