"""What people read: lengths of time, amounts, tables that other programs can read too."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import click
import pytest

from crobot_tasks.cli import output
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.tables import table
from crobot_tasks.operate import amounts


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
    assert amounts.duration(seconds) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [(None, ""), (0, "0 B"), (1023, "1,023 B"), (3_565_158, "3.4 MiB"), (8 * 2**30, "8.0 GiB")],
)
def test_an_amount_of_bytes_has_a_unit_that_keeps_it_short(amount: float | None, text: str) -> None:
    assert amounts.size(amount) == text


def test_a_document_has_times_with_their_zone(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit(True, {"at": datetime(2024, 7, 1, 12, 0, tzinfo=UTC)}, lambda out: out.print("for people"))
    assert json.loads(capsys.readouterr().out) == {"at": "2024-07-01T12:00:00+00:00"}


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=12), "12 s ago"),
        (timedelta(minutes=53, seconds=59), "53 min ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1200), "1,200 d ago"),
        (timedelta(minutes=-5), "in 5 min"),
    ],
)
def test_a_relative_time_has_one_unit(before: timedelta, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
    monkeypatch.setattr(amounts, "now", lambda: at)
    assert amounts.ago(at - before) == text


def test_a_document_is_json_that_no_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    document = {"tag": "a\x1b[31m\x9b31m\u202eb\udce9 \u00fc"}
    output.print_json(document)
    text = capsys.readouterr().out
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == document


def test_a_sentence_is_broken_between_words_and_obeyed_by_no_terminal() -> None:
    file = StringIO()
    out = output.Printer(width=24, file=file, force_terminal=True, color_system=None)
    out.print("job 7 [red]took[/red] 2 h 5 min,\x1b[2J in all")
    assert file.getvalue() == "job 7 [red]took[/red]\n2 h 5 min,\\x1b[2J in all\n"


def test_long_lines_are_neither_cut_nor_padded_when_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    message = "x " * 3000 + "end"
    made = table(("Job", Column("Note", Kind.TEXT)), [[1, message], [2, "short"]])
    output.emit(False, None, lambda out: out.print(made))
    assert capsys.readouterr().out.splitlines()[1:] == [f"1    {message}", "2    short"]


@pytest.mark.parametrize("wide", [False, True])
def test_a_terminal_gets_whole_rows_when_it_asks_for_them(
    wide: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "40")
    widths: list[int] = []

    @click.command()
    @output.wide_option
    def command() -> None:
        widths.append(output.console().width)

    command.main(["--wide"] if wide else [], standalone_mode=False)
    assert widths == [output.UNBOUNDED if wide else 40]
