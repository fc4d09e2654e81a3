"""Text for terminals: safe, broken between words only, shortened in its middle."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from crobot_tasks.cli.safe_text import safe, safe_lines
from crobot_tasks.cli.text import hang, items, shorten, words, wrap, wrap_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Ä and 漢", "plain, Ä and 漢"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("two\nlines\r", r"two\nlines\r"),
        ("\x9b31m", r"\x9b31m"),
        ("right\u202eleft\u200b", r"right\u202eleft\u200b"),
        ("a name \udce9 of a file", r"a name \udce9 of a file"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_lines_and_tabs_of_a_log_stay() -> None:
    assert safe_lines("one\ttwo\n\x1b[2Jthree\r\n") == "one\ttwo\n\\x1b[2Jthree\\r\n"


def test_numbers_stay_with_their_units_and_dates_with_their_times() -> None:
    text = "since 2026-11-25 14:21:32: 1,200 bp, 2 h 5 min ago (8.0 GiB)"
    assert words(text) == ["since", "2026-11-25 14:21:32:", "1,200 bp,", "2 h 5 min ago", "(8.0", "GiB)"]


def test_a_list_is_broken_after_its_commas_only() -> None:
    assert items("probe 1.0, CRISPR 1.0,x") == ["probe 1.0,", "CRISPR 1.0,x"]


def test_a_part_that_is_too_wide_has_a_line_to_itself() -> None:
    assert wrap(["a", "b" * 12, "c", "d"], 5) == ["a", "b" * 12, "c d"]


def test_a_text_goes_on_below_itself_and_a_path_below_its_name() -> None:
    assert hang("Why  ", "one two", words("one two"), 8) == ["Why  one", "     two"]
    assert hang("Output  ", "/a/long/path", ["/a/long/path"], 16) == ["Output", "  /a/long/path"]


def test_what_fits_is_left_as_it_is_and_beginnings_of_lines_are_kept() -> None:
    assert wrap_text("a  b\n\n  one two", 7) == "a  b\n\n  one\n  two"


@pytest.mark.parametrize("width", range(5, 30))
@pytest.mark.parametrize("text", ["SAL_AA0001AA_AS#reads.fastq.gz", "漢字漢字漢字漢字漢字漢字漢字漢字"])
def test_a_name_is_shortened_in_its_middle_to_the_width(text: str, width: int) -> None:
    short = shorten(text, width)
    assert cell_len(short) <= width
    head, _, tail = short.partition("…")
    assert text.startswith(head)
    assert text.endswith(tail)
