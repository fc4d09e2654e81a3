"""The line of a batch that is watched: it fits any terminal, and says the most important."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len

from crobot_tasks.cli.batches import words
from crobot_tasks.cli.batches.bar import LEAST, Bar, line
from crobot_tasks.cli.output import Printer
from tests.unit.crobot_tasks.cli.scenes import BATCH


def drawn(width: int, **changed: Any) -> str:
    file = StringIO()
    found = BATCH | changed | {"items": BATCH["items"] | changed.get("items", {})}
    Printer(width=width, file=file, color_system=None).print(Bar(found))
    return file.getvalue().rstrip("\n")


@pytest.mark.parametrize("width", range(40, 201))
def test_it_is_one_line_that_fits_with_a_bar_and_the_share_that_is_over(width: int) -> None:
    text = drawn(width)
    assert "\n" not in text
    assert cell_len(text) < width
    assert text.count("━") + text.count("─") >= LEAST
    assert "45.1 %" in text


def test_what_matters_least_is_left_out_first() -> None:
    assert drawn(120).endswith("45.1 %  451,234 of 1,000,000  1,204 failed  24 running  3.2/s  1 d 23 h left")
    assert drawn(60).endswith("45.1 %  451,234 of 1,000,000  1,204 failed")
    assert drawn(40).endswith("45.1 %  451,234 of 1,000,000")


@pytest.mark.parametrize(("over", "full"), [(0, 0), (999_999, LEAST - 1), (1_000_000, LEAST)])
def test_the_bar_is_full_only_if_all_is_over(over: int, full: int) -> None:
    text = drawn(40, items={"over": over, "failed": 0}, rate=None, left_s=None)
    length = text.count("━") + text.count("─")
    assert (text.count("━") == length) == (full == LEAST)
    assert ("100 %" in text) == (over == 1_000_000)


def test_a_state_that_is_not_the_usual_one_is_said() -> None:
    assert "paused" in drawn(80, state="paused")
    assert "running" not in drawn(60)


def test_a_log_has_it_all() -> None:
    assert line(BATCH) == ("45.1 %, 451,234 of 1,000,000, 1,204 failed, 24 running, 3.2/s, 1 d 23 h left")


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(None, ""), (12.34, "12.3/s"), (1234.5, "1,234.5/s"), (0.5, "30.0/min"), (0.001, "3.6/h")],
)
def test_a_rate_is_in_the_unit_in_which_it_can_be_read(per_second: float | None, text: str) -> None:
    assert words.rate(per_second) == text
