"""Lines of the log as JSON, with what they are about."""

from __future__ import annotations

import json
import logging
from io import StringIO
from typing import Any

import pytest

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.logs import facts, lines
from crobot_tasks.logs.facts import about, of_attempt


@pytest.fixture
def written() -> Any:
    """A logger, and the lines that it has written."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    logger = logging.Logger("crobot.test")
    logger.addHandler(handler)
    lines.adopt(logger)
    return logger, lambda: [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_line_says_what_it_is_about(written: Any) -> None:
    logger, found = written
    with about(job=5, attempt=1, traceparent=None):
        logger.info('"quoted"\nand %s', "more")
        with about(node="calc01"):
            logger.warning("inside", extra=of_attempt(6, 2))
    logger.info("outside")
    first, second, third = found()
    assert first.pop("time")
    assert first == {
        "level": "INFO", "logger": "crobot.test", "message": '"quoted"\nand more', "job": 5, "attempt": 1,
    }  # fmt: skip
    assert (second["job"], second["attempt"], second["node"]) == (6, 2, "calc01")
    assert third.keys() == {"time", "level", "logger", "message"}


def test_an_error_comes_with_its_place(written: Any) -> None:
    logger, found = written
    try:
        raise BadInput("wrong")
    except BadInput:
        logger.exception("it failed", extra={"data": {"args": "x" * 1000}})
    (line,) = found()
    assert line["exception"].startswith("Traceback")
    assert "data" not in line


def test_what_was_begun_holds_until_something_else_begins(written: Any) -> None:
    logger, found = written
    facts.begin(request_id="abc", traceparent=None)
    logger.info("one")
    facts.begin()
    logger.info("two")
    one, two = found()
    assert (one["request_id"], "request_id" in two, "traceparent" in one) == ("abc", False, False)


def test_a_sentence_to_people_is_a_line_too() -> None:
    line = json.loads(lines.line("node calc01 offers probe"))
    assert (line["message"], line["level"]) == ("node calc01 offers probe", "INFO")


def test_a_format_that_there_is_not_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_log_format", "xml")
    with pytest.raises(BadInput, match="CROBOT_LOG_FORMAT is 'xml': known are text, json"):
        lines.begin()
    assert not lines.are_json()
