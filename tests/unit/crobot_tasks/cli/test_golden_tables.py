"""Every table, as people see it at 80 and 160 columns, and what is true of all at any width.

`python -m tests.unit.crobot_tasks.cli.scenes` writes the golden files again; read their differences before you commit.
"""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len

from crobot_tasks.cli.output import UNBOUNDED
from crobot_tasks.cli.tables import SAME
from crobot_tasks.cli.text import ELLIPSIS
from tests.unit.crobot_tasks.cli.scenes import GOLDEN, SCENES, WIDTHS, golden, printed

#: with so much room nothing is shortened, wrapped or left out, and times are relative as in any terminal
ROOMY = 5000
WIDTHS_OF_ALL_TERMINALS = range(40, 201)
_BROKEN = re.compile(r"\d\n\s*(?:[KMGT]iB|B|bp|min|s|h|d|%)(?!\S)|\b(?:min|s|h|d)\n\s*ago\b")
_LEFT_OUT = re.compile(r"\(no room for [^)]*\)")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scene", SCENES)
def test_a_table_looks_as_its_golden_file(scene: str, width: int) -> None:
    assert printed(scene, width) == golden(scene, width).read_text()


def test_each_golden_file_is_of_a_scene() -> None:
    expected = {golden(scene, width) for scene in SCENES for width in WIDTHS}
    assert set(GOLDEN.iterdir()) == expected


@pytest.mark.parametrize("scene", SCENES)
def test_no_word_is_broken_at_any_width(scene: str) -> None:
    whole = set(printed(scene, ROOMY).split()) | set(SAME.split())
    # a text that stands below its row is named by its heading
    whole |= {f"{word}:" for word in whole}
    for width in WIDTHS_OF_ALL_TERMINALS:
        found = set(_LEFT_OUT.sub("", printed(scene, width)).split())
        assert not {word for word in found - whole if ELLIPSIS not in word}, width


@pytest.mark.parametrize("scene", SCENES)
def test_no_number_is_apart_from_its_unit_at_any_width(scene: str) -> None:
    assert not [width for width in WIDTHS_OF_ALL_TERMINALS if _BROKEN.search(printed(scene, width))]


@pytest.mark.parametrize("scene", SCENES)
def test_only_a_word_that_is_wider_than_the_terminal_stands_out(scene: str) -> None:
    for width in WIDTHS_OF_ALL_TERMINALS:
        wide = [line for line in printed(scene, width).splitlines() if cell_len(line) > width]
        assert not [
            line for line in wide if max(map(cell_len, line.split())) + len("    sha256: ") <= width
        ], width


@pytest.mark.parametrize("scene", SCENES)
def test_what_goes_to_no_terminal_is_complete(scene: str) -> None:
    text = printed(scene, UNBOUNDED)
    assert not [sign for sign in (ELLIPSIS, SAME, "no room for") if sign in text]
    assert "53 min ago" not in text


@pytest.mark.parametrize("scene", SCENES)
def test_no_control_character_reaches_a_terminal(scene: str) -> None:
    assert printed(scene, 80).replace("\n", "").isprintable()
