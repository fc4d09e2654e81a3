"""Exceptions on their way from a body to a report keep what decides about the job."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from crobot_errors import OutcomeKind, OutOfMemory, ToolFailed
from crobot_tasks.node.carried_errors import carried, usage_of
from tests.odd_errors import ODD


@pytest.mark.parametrize("error", [ValueError("x"), OutOfMemory("m", usage={"cpu_s": 1}), KeyError(b"\xff")])
def test_ordinary_exceptions_stay_as_they_are(error: Exception) -> None:
    assert carried(error) is error


@pytest.mark.parametrize("name", ODD)
def test_whatever_is_carried_survives_the_way_through_celery(name: str) -> None:
    error: Any = pickle.loads(pickle.dumps(carried(ODD[name][0]())))
    assert isinstance(error, Exception)


def test_a_verdict_with_odd_details_keeps_kind_message_and_usage() -> None:
    error = carried(OutOfMemory("too large", usage={"peak_memory_bytes": 7}, odd=lambda: None))
    assert isinstance(error, type(carried(ToolFailed("x", odd=lambda: None))))
    assert (getattr(error, "kind", None), str(error)) == (OutcomeKind.OUT_OF_MEMORY, "too large")
    assert usage_of(getattr(error, "details", None)) == {"peak_memory_bytes": 7}


def test_of_a_usage_with_too_many_tools_the_numbers_are_kept() -> None:
    usage = {"peak_memory_bytes": 7, "tools": [{"name": "blastn", "cpu_s": 1.5}] * 1000}
    assert usage_of({"usage": usage}) == {"peak_memory_bytes": 7}
    few = usage | {"tools": usage["tools"][:10]}  # type: ignore[index]
    assert usage_of({"usage": json.loads(json.dumps(few))}) == few


@pytest.mark.parametrize(
    "odd", [None, 7, {}, {"usage": None}, {"usage": "much"}, {"usage": {1, 2}}, {"usage": [1]}]
)
def test_what_is_no_usage_is_none(odd: Any) -> None:
    assert usage_of(odd) is None
