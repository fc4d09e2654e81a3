"""Reads a policy's file (TOML); whatever is wrong in it is named with its line, and nothing of it counts then."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from crobot_errors import BadPolicy
from crobot_tasks.router.policy import (
    PipelineRule,
    Policy,
    PriorityClass,
    Quarantine,
    Reserving,
    Retry,
    Shares,
    Window,
)

#: tags, as nodes say them too
TAG = re.compile(r"[a-z0-9][a-z0-9_.=-]{0,39}")
LOWEST_PRIORITY = 9
_HEADER = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")


def read(text: str) -> Policy:
    """Return the policy of a file's text.

    Raises:
        BadPolicy: the text is not TOML, or says what is not known or cannot be; names line, value and reason.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadPolicy(f"the policy is not TOML: {error}") from error
    whole = _Table(text, (), document)
    policy = Policy(
        classes=_classes(whole.table("classes")),
        shares=_shares(whole.table("shares")),
        window=_numbers(whole.table("window"), Window()),
        reservation=_numbers(whole.table("reservation"), Reserving()),
        quarantine=_numbers(whole.table("quarantine"), Quarantine()),
        retry=_retry(whole.table("retry"), Retry()),
        poison_after=int(whole.number("poison_after", Policy.poison_after, 1, whole_number=True)),
        reserved_tags=_only(whole.table("tags"), "reserved"),
    )
    nodes = {name: _only(table, "tags") for name, table in whole.table("nodes").tables()}
    pipelines = {name: _rule(table, policy.retry) for name, table in whole.table("pipelines").tables()}
    whole.done()
    return replace(policy, pipelines=pipelines, node_tags=nodes)


class _Table:
    """One table of the file; what is taken from it is known, and what is left at the end is not."""

    def __init__(self, text: str, path: tuple[str, ...], values: Mapping[str, Any]) -> None:
        self._text, self.path, self._left = text, path, dict(values)
        self._known: list[str] = []

    def __len__(self) -> int:
        return len(self._left)

    def take(self, name: str) -> Any:
        """Return a value; None if it is not there."""
        self._known.append(name)
        return self._left.pop(name, None)

    def items(self) -> list[tuple[str, Any]]:
        """Take all values."""
        items, self._left = list(self._left.items()), {}
        return items

    def table(self, name: str) -> _Table:
        """Return a table of this one; an empty one if it is not there."""
        return self._as_table(name, self.take(name))

    def tables(self) -> list[tuple[str, _Table]]:
        """Take all values, each a table."""
        return [(name, self._as_table(name, value)) for name, value in self.items()]

    def number(
        self, name: str, default: float, least: float, most: float = math.inf, *, whole_number: bool = False
    ) -> float:
        """Return a number within bounds."""
        value = self.take(name)
        return default if value is None else self.checked(name, value, least, most, whole_number)

    def checked(self, name: str, value: Any, least: float, most: float, whole_number: bool) -> float:
        """Return the value if it is such a number."""
        kinds = int if whole_number else int | float
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            what = "a whole number" if whole_number else "a number"
            upto = "" if most == math.inf else f" to {most:g}"
            raise self.wrong(name, value, f"it must be {what} from {least:g}{upto}" if upto else
                             f"it must be {what}, at least {least:g}")  # fmt: skip
        assert isinstance(value, int | float)
        return value

    def tags(self, name: str) -> frozenset[str]:
        """Return a list of tags."""
        value = self.take(name)
        given = [] if value is None else value
        if not isinstance(given, list) or not all(
            isinstance(one, str) and TAG.fullmatch(one) for one in given
        ):
            raise self.wrong(name, value, 'it must be a list of tags like ["ssd", "lab=enterics"]')
        return frozenset(given)

    def done(self) -> None:
        """Refuse what nobody took."""
        for name, value in self._left.items():
            raise self.wrong(name, value, f"it is not known here; known are {', '.join(self._known)}")

    def wrong(self, name: str, value: Any, reason: str) -> BadPolicy:
        """Say what is wrong, and where."""
        path = (*self.path, name)
        return BadPolicy(f"line {_line(self._text, path)}: {'.'.join(path)} = {value!r}: {reason}")

    def _as_table(self, name: str, value: Any) -> _Table:
        if value is None:
            value = {}
        if not isinstance(value, dict):
            raise self.wrong(name, value, "it must be a table")
        return _Table(self._text, (*self.path, name), value)


def _classes(table: _Table) -> tuple[PriorityClass, ...]:
    given = table.items()
    if not given:
        return Policy.classes
    classes, above = [], -1
    for name, value in given:
        upto = int(table.checked(name, value, above + 1, LOWEST_PRIORITY, True))
        classes.append(PriorityClass(name, upto))
        above = upto
    if above != LOWEST_PRIORITY:
        raise table.wrong(
            *given[-1], f"the last class must go up to {LOWEST_PRIORITY}, or some jobs are in none"
        )
    return tuple(classes)


def _shares(table: _Table) -> Shares:
    default = Shares()
    workgroups, users = table.table("workgroups"), table.table("users")
    shares = Shares(
        half_life_s=table.number("half_life_h", default.half_life_s / 3600, 0.001) * 3600,
        charge_gib=table.number("charge_gib", default.charge_gib, 0),
        workgroups={
            name: workgroups.checked(name, value, 0.001, math.inf, False)
            for name, value in workgroups.items()
        },
        users={_user(users, name, value): users.checked(name, value, 0.001, math.inf, False)
               for name, value in users.items()},
    )  # fmt: skip
    table.done()
    return shares


def _user(table: _Table, name: str, value: Any) -> int:
    if not name.isdecimal():
        raise table.wrong(name, value, "users are named by their number")
    return int(name)


def _numbers(table: _Table, default: Any) -> Any:
    """Read a table whose values are numbers, under the names of the dataclass's fields; none is negative."""
    values = {}
    for field in fields(default):
        value = getattr(default, field.name)
        whole = isinstance(value, int)
        number = table.number(field.name, value, _LEAST.get(field.name, 0), whole_number=whole)
        values[field.name] = int(number) if whole else float(number)
    table.done()
    return replace(default, **values)


#: fields that cannot be 0
_LEAST = {"attempts": 1, "failures": 1, "memory_growth": 1, "time_growth": 1}


def _retry(table: _Table, default: Retry) -> Retry:
    retry: Retry = _numbers(table, default)
    return retry


def _rule(table: _Table, common: Retry) -> PipelineRule:
    retry = table.table("retry")
    rule = PipelineRule(
        **{name: table.tags(name) for name in ("requires", "prefers", "accepts", "rejects")},
        retry=_retry(retry, common) if len(retry) else None,
    )
    if both := (rule.requires | rule.prefers | rule.accepts) & rule.rejects:
        raise table.wrong("rejects", sorted(rule.rejects), f"{', '.join(sorted(both))} is wanted as well")
    table.done()
    return rule


def _only(table: _Table, name: str) -> frozenset[str]:
    """Read a table that has one list of tags."""
    tags = table.tags(name)
    table.done()
    return tags


def _line(text: str, path: tuple[str, ...]) -> int:
    """Return the number of the line where the value, or the table that it is in, stands."""
    best, depth = 1, 0
    header: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if match := _HEADER.match(line):
            header = tuple(part.strip().strip("\"'") for part in match[1].split("."))
            key: tuple[str, ...] = ()
        else:
            name = line.partition("=")[0].strip()
            key = tuple(part.strip().strip("\"'") for part in name.split(".")) if "=" in line else ()
        here = (*header, *key)
        common = len(here) if path[: len(here)] == here else 0
        if common > depth:
            best, depth = number, common
    return best
