"""JSON that jsonb accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db.jsonb import to_json

VALUES: list[tuple[Any, Any]] = [
    ({"a": [1, None, "é\U0001f9ec"]}, {"a": [1, None, "é\U0001f9ec"]}),
    ("a\0b", "a\ufffdb"),
    ({"\0": "\ud800x"}, {"\ufffd": "\ufffdx"}),
    ("\udfff", "\ufffd"),
    ("said \\u0000 and \\ud800", "said \\u0000 and \\ud800"),
    ("\\\0", "\\\ufffd"),
]


@pytest.mark.parametrize(("given", "stored"), VALUES, ids=range(len(VALUES)))
def test_only_what_jsonb_refuses_is_replaced(given: Any, stored: Any) -> None:
    assert json.loads(to_json(given)) == stored
