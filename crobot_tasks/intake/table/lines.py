"""The lines of a table as text, and their cells; what is no text is a problem with its line and byte."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import BinaryIO

from crobot_errors import BadInput
from crobot_tasks.intake.table.problems import Problems
from workers.first_bytes import PACKED

#: no line is longer, in bytes
LONGEST = 100_000
COMMENT = "#"
#: longest part of a line that is read at a time, when it is too long
_PART = 2**20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"


class BadQuotes(BadInput):
    """A quote that does not end, or is followed by text; ``cell`` counts from 1."""

    def __init__(self, cell: int, why: str) -> None:
        super().__init__(why)
        self.cell = cell


def texts(file: BinaryIO, problems: Problems) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line that has something; blank lines and comments are nothing."""
    for number, line in _lines(file, problems):
        if number == 1:
            if line.startswith(_OTHER_ENCODINGS):
                problems.add(1, "", "", "this is UTF-16: save the table as UTF-8 text")
                return
            if packer := _packer(line):
                problems.add(
                    1,
                    "",
                    "",
                    f"this is packed by {packer}: unpack it, and give the text (- reads it from a pipe)",
                )
                return
            line = line.removeprefix(_BYTE_ORDER_MARK)
        text = _decoded(number, line, problems)
        if text and not text.isspace() and not text.startswith(COMMENT):
            yield number, text


def _packer(begin: bytes) -> str:
    """Return what a file that begins so is packed by; nothing if it is text."""
    return next((name for magic, name in ({_GZIP: "gzip"} | PACKED).items() if begin.startswith(magic)), "")


def _lines(file: BinaryIO, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """Yield the lines with their numbers, without what ends them: LF, CRLF, or CR alone."""
    number = 0
    while line := file.readline(LONGEST + 1):
        if len(line) > LONGEST and not line.endswith(b"\n"):
            number += 1
            _skip(file)
            _tell_too_long(number, line, problems)
            continue
        for one in line.removesuffix(b"\n").removesuffix(b"\r").split(b"\r"):
            number += 1
            yield number, one


def _skip(file: BinaryIO) -> None:
    """Go to the end of a line, of which a few bytes at a time are read."""
    while (part := file.readline(_PART)) and not part.endswith(b"\n"):
        pass


def _tell_too_long(number: int, line: bytes, problems: Problems) -> None:
    cells = re.split(rb"[\t]" if b"\t" in line else rb",", line)
    begin = cells[-1].decode(errors="replace")
    problems.add(
        number,
        "",
        begin,
        f"it is longer than {LONGEST:,} bytes in its cell {len(cells)}, {begin[:20]!r}…: shorten it, or end "
        "each line with a line feed",
    )


def _decoded(number: int, line: bytes, problems: Problems) -> str:
    if (at := line.find(b"\0")) >= 0:
        problems.add(
            number, "", "\0", f"byte {at + 1:,} is 0, so this is no text: save the table as UTF-8 text"
        )
        return ""
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        found = f"{line[error.start]:#04x}"
        problems.add(
            number,
            "",
            found,
            f"byte {error.start + 1:,} ({found}) is not UTF-8: save the table as UTF-8 text",
        )
        return ""


def separator_of(header: str) -> str:
    """Return what separates the cells: the tab if the header has one, else the comma."""
    return "\t" if "\t" in header else ","


def cut(text: str, separator: str) -> list[str]:
    """Return the cells of a line, without blanks around them; each may be in double quotes.

    Raises:
        BadQuotes: a quote is not closed on its line, or text follows it.
    """
    if '"' not in text:
        return [cell.strip() for cell in text.split(separator)]
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator, strict=True))]
    except csv.Error as error:
        never = "unexpected end" in str(error)
        raise BadQuotes(
            _first_bad(text, separator),
            "a quote begins here and does not end on this line: close it, or double a quote that is meant"
            if never
            else "text follows a closing quote: put the whole cell in quotes, and double those that are meant",
        ) from error


def _first_bad(text: str, separator: str) -> int:
    """Return the number of the first cell whose quotes are wrong."""
    cell = re.compile(rf'(?:"(?:[^"]|"")*"|[^"{separator}][^{separator}]*|)(?:{separator})')
    number, at = 1, 0
    while found := cell.match(text, at):
        number, at = number + 1, found.end()
    return number
