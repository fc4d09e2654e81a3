"""Lists as people have them: any editor's, any spreadsheet's, and what is no list."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from crobot_errors import BadInput
from crobot_tasks.cli.batches.keys import Choice
from crobot_tasks.cli.batches.lists import LONGEST, read_list
from crobot_tasks.cli.batches.options import Failures


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "strains.txt"


@pytest.mark.parametrize(
    "text",
    [
        b"SAL_1\nSAL 2\n",
        b"SAL_1\r\nSAL 2",
        b"SAL_1\rSAL 2\r",
        b"\xef\xbb\xbfSAL_1\nSAL 2\n",
        b"\n \r\n\t\nSAL_1\n\n  SAL 2  \n",
        b"SAL_1\tENTERITIDIS\t2019\nSAL 2\t\t\n",
    ],
)
def test_a_name_a_line_is_read_whoever_wrote_the_file(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    assert list(read_list(str(path))) == ["SAL_1", "SAL 2"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"SAL_1\nS\xe3o Paulo 1\n", r"line 2: byte 2 \(0xe3\) is not UTF-8: save the list as UTF-8"),
        ("SAL_1\n".encode("utf-16"), "line 1: this is UTF-16: save"),
        (b"SAL_1\nPK\x03\x04\0\0\n", "line 2: it has a byte 0, so this is no text"),
        (b"SAL_1\n\nA" + LONGEST * b"C" + b"\n", "line 3: it is longer than 100,000 bytes"),
    ],
)
def test_what_is_no_list_of_names_is_refused_by_file_and_line(path: Path, text: bytes, why: str) -> None:
    path.write_bytes(text)
    with pytest.raises(BadInput, match=rf"^{path}, {why}"):
        list(read_list(str(path)))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        list(read_list(str(tmp_path / "away")))
    with pytest.raises(BadInput, match="cannot be read: Is a directory"):
        list(read_list(str(tmp_path)))


def test_standard_input_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"SAL_1\nSAL_\xff\n")))
    names = read_list("-")
    assert next(names) == "SAL_1"
    with pytest.raises(BadInput, match="standard input, line 2: byte 5"):
        next(names)


def test_two_million_lines_are_each_taken_once(path: Path) -> None:
    with path.open("w") as file:
        file.writelines(f"SAL_{number % 1_500_000:07}\n" for number in range(2_000_000))
    keys = Choice(["SAL_0000003"], str(path)).listed()
    assert (keys.given, len(keys.names)) == (2_000_001, 1_500_000)
    assert keys.names[:2] == ["SAL_0000003", "SAL_0000000"]
    assert keys.chosen_by == f"the command line and the list {path}"


def test_a_command_without_names_is_wrong_and_an_empty_list_is_named(path: Path) -> None:
    with pytest.raises(click.UsageError, match="--list FILE"):
        Choice([], None)
    path.write_text("\n\n")
    with pytest.raises(BadInput, match=f"nothing is chosen by the list {path}"):
        Choice([], str(path)).listed()


def test_a_number_or_a_share_of_failures_is_understood() -> None:
    kind = Failures()
    assert kind.convert("25", None, None) == (25, None)
    assert kind.convert(" 2.5% ", None, None) == (None, 0.025)
    for text in ("", "%", "many", "5 %x"):
        with pytest.raises(click.BadParameter, match="write it like 25, or 5%"):
            kind.convert(text, None, None)
