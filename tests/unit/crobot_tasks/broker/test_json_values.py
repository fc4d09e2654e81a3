"""What is plain JSON already is copied, and gives what Celery's serializer gives; all else goes through that."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from crobot_errors import BadInput
from crobot_tasks.broker import json_values
from crobot_tasks.broker.json_values import plain, revive


class Word(StrEnum):
    A = "a"


class Digit(IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


GOOD: list[Any] = [
    None,
    True,
    -0.0,
    1e20,
    2**63,
    10**30,
    "",
    "é\U0001f9ec \\u0000",
    (1, (2,)),
    {"b": 1, "a": [{"c": None}]},
    {1: "a", None: "b", False: "c", 1.5: "d"},
    {Word.A: Word.A, "one": Digit.ONE, "text": Text("x")},
    datetime(2026, 1, 2, tzinfo=UTC),
    {"when": [datetime(2026, 1, 2, tzinfo=UTC)]},
    nested(200),
]
BAD: list[Any] = [
    "\0",
    {"\0": 1},
    "\ud800",
    [{"a": "\udfff"}],
    float("nan"),
    [float("-inf")],
    10**5000,
    {(1, 2): 3},
    object(),
    nested(100_000),
    {"__type__": "uuid", "__value__": "none"},
]


@pytest.mark.parametrize("value", GOOD, ids=range(len(GOOD)))
def test_a_value_gives_what_the_serializer_gives(value: Any) -> None:
    copied, serialized = plain(value, "it"), json_values._by_the_serializer(value, "it")
    assert json.dumps(copied) == json.dumps(serialized)
    assert json.dumps(revive(copied), default=str) == json.dumps(revive(serialized), default=str)


@pytest.mark.parametrize("value", BAD, ids=range(len(BAD)))
def test_what_cannot_be_stored_is_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="the thing contains|the thing cannot be written"):
        plain(value, "the thing")


def test_a_value_that_has_itself_in_it_is_refused() -> None:
    round_about: list[Any] = []
    round_about.append(round_about)
    with pytest.raises(BadInput, match="Circular"):
        plain(round_about, "it")


def test_a_copy_shares_nothing() -> None:
    given = {"a": [1, {"b": 2}]}
    copied = plain(given, "it")
    given["a"].append(3)  # type: ignore[attr-defined]
    given["a"][1]["b"] = 4  # type: ignore[index]
    assert copied == {"a": [1, {"b": 2}]}
