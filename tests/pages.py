"""What the project's own pages say in code blocks and tables, for tests that hold it to the program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/README.md")])

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FIRST_CELL = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    language: str
    text: str
    #: of its first line, in the page
    line: int


def page(name: str) -> Path:
    """A page by its path from the root of the project."""
    return ROOT / name


def blocks(path: Path, language: str) -> Iterator[Block]:
    """The blocks of a language, in order."""
    text = path.read_text()
    for found in _BLOCK.finditer(text):
        if found[1] == language:
            yield Block(language, found[2], text.count("\n", 0, found.start(2)) + 1)


def section(path: Path, title: str) -> str:
    """What stands below a heading of the second order."""
    return path.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """What the first cells of its tables have in backquotes."""
    return _FIRST_CELL.findall(text)
