"""Lists of strains or assemblies, as editors and spreadsheets write them: one a line, or a table's first column."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from crobot_errors import BadInput

#: no line of a list is longer; what is longer is something else
LONGEST = 100_000
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_OTHER_ENCODINGS = (b"\xff\xfe", b"\xfe\xff")


def read_list(path: str) -> Iterator[str]:
    """Yield what a file names, or standard input (``-``); blank lines are nothing.

    Raises:
        BadInput: the file cannot be read, or is no text; the message names the line.
    """
    if path == "-":
        yield from _names(sys.stdin.buffer, "standard input")
        return
    try:
        with Path(path).open("rb") as file:
            yield from _names(file, path)
    except OSError as error:
        raise BadInput(f"the list {path} cannot be read: {error.strerror}") from error


def _names(file: BinaryIO, source: str) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        place = f"{source}, line {number:,}"
        if number == 1:
            _check_encoding(line, place)
            line = line.removeprefix(_BYTE_ORDER_MARK)
        # files of old Macintoshes end their lines with CR alone
        for text in _decoded(line, place).splitlines():
            if name := text.split("\t")[0].strip():
                yield name


def _check_encoding(line: bytes, place: str) -> None:
    if line.startswith(_OTHER_ENCODINGS):
        raise BadInput(f"{place}: this is UTF-16: save the list as UTF-8 text")


def _decoded(line: bytes, place: str) -> str:
    if len(line) > LONGEST:
        raise BadInput(f"{place}: it is longer than {LONGEST:,} bytes: is this a list of names?")
    if b"\0" in line:
        raise BadInput(f"{place}: it has a byte 0, so this is no text: give a list of names, one a line")
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{place}: byte {error.start + 1} ({line[error.start]:#04x}) is not UTF-8: save the list as UTF-8 text"
        ) from error
