"""What people read: lengths of time, amounts, tables that other programs can read too."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from rich.console import Console

from crobot_tasks.cli import output


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (-0.2, "0.0 s"),
        (0.34, "0.3 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (80, "1 min 20 s"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86_399, "23 h 59 min"),
        (100_000, "1 d 3 h"),
    ],
)
def test_a_length_of_time_has_two_units_at_most(seconds: float | None, text: str) -> None:
    assert output.duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, ""), (0, "0 B"), (1023, "1023 B"), (3_565_158, "3.4 MiB"), (8 * 2**30, "8.0 GiB")],
)
def test_an_amount_of_bytes_has_a_unit_that_keeps_it_short(amount: float | None, text: str) -> None:
    assert output.size(amount) == text


def test_text_from_the_database_is_never_taken_for_markup() -> None:
    out = Console(width=80)
    with out.capture() as captured:
        out.print(output.table(("Message",), [["[red]no[/red]"]]))
    assert "[red]no[/red]" in captured.get()


def test_what_is_empty_is_left_out_of_the_facts() -> None:
    out = Console(width=80)
    with out.capture() as captured:
        out.print(output.facts({"Node": None, "Tag": "", "Priority": 0}))
    assert captured.get().split() == ["Priority", "0"]


def test_a_document_has_times_with_their_zone(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit(True, {"at": datetime(2024, 7, 1, 12, 0, tzinfo=UTC)}, lambda out: out.print("for people"))
    assert json.loads(capsys.readouterr().out) == {"at": "2024-07-01T12:00:00+00:00"}


def test_long_lines_are_neither_cut_nor_padded_when_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    message = "x" * 300
    output.emit(
        False, None, lambda out: out.print(output.table(("Job", "Note"), [[1, message], [2, "short"]]))
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith(message)
    assert lines[2].endswith("short")
