"""A user's nucleotide sequences that are searched in an assembly: FASTA or bare, in any case and with any line ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from crobot_errors import BadQuery
from workers.fasta import DAMAGED, NUCLEOTIDES, PLAIN_SHARE, Record, open_text, plain_bases

#: all sequences of a query together; searching so many takes seconds
MOST_BASES = 200_000
MOST_SEQUENCES = 500
#: shorter ones hit by chance
SHORTEST = 30
#: characters of a file that are read at most: headers and line ends beside the bases
MOST_CHARACTERS = 2 * MOST_BASES + 200_000
BARE = "query"

_SPACE = re.compile(r"\s+")


def read_query_text(path: Path) -> str:
    """The text of a query's file, plain or gzipped.

    Raises: BadQuery if it is not there, damaged, not text, or too long.
    """
    if not path.is_file():
        raise BadQuery(f"there is no file {path}")
    try:
        with open_text(path) as text:
            # the rest of what is too long is not even unzipped
            read = text.read(MOST_CHARACTERS + 1)
    except (*DAMAGED, OSError) as error:
        raise BadQuery(f"{path} cannot be read: it is damaged or not text ({error})") from error
    return _not_too_long(read)


def parse_query(text: str) -> list[Record]:
    """The sequences of a query, in upper case, U as T.

    Raises: BadQuery naming the sequence and what is wrong with it.
    """
    records = list(islice(_records(_not_too_long(text)), MOST_SEQUENCES + 1))
    if not any(record.sequence for record in records):
        raise BadQuery("the query is empty: send a nucleotide sequence, bare or as FASTA")
    if len(records) > MOST_SEQUENCES:
        raise BadQuery(f"the query has more than {MOST_SEQUENCES} sequences: search them in parts")
    for record in records:
        _check(record)
    _check_names(records)
    bases = sum(len(record.sequence) for record in records)
    if bases > MOST_BASES:
        raise BadQuery(
            f"the query has {bases:,} bases, and {MOST_BASES:,} at most are searched: search it in parts"
        )
    return [Record(each.line, each.header, each.sequence.upper().replace("U", "T")) for each in records]


def fasta(records: Iterable[Record]) -> str:
    """FASTA of sequences, by their names."""
    return "".join(f">{record.name}\n{record.sequence}\n" for record in records)


def _records(text: str) -> Iterable[Record]:
    header, begin, parts = "", 0, list[str]()
    # not splitlines(): it also splits at characters that end no line in a file
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), 1):
        if line.startswith(">"):
            if begin:
                yield Record(begin, header, "".join(parts))
            header, begin, parts = line[1:].strip(), number, []
        elif line.strip():
            # before any header: a bare sequence
            header, begin = (header, begin) if begin else (BARE, number)
            parts.append(_SPACE.sub("", line))
    if begin:
        yield Record(begin, header, "".join(parts))


def _check(record: Record) -> None:
    where = f"the query's sequence {record.name!r} (line {record.line})"
    letters = record.sequence
    if not record.name or not record.name.isprintable():
        raise BadQuery(f"the query's sequence in line {record.line} has no name: write one after '>'")
    if not letters:
        raise BadQuery(f"{where} is empty")
    if not NUCLEOTIDES.fullmatch(letters):
        wrong = "".join(sorted({letter for letter in letters if not NUCLEOTIDES.fullmatch(letter)}))[:10]
        raise BadQuery(f"{where}: {wrong!r} is no nucleotide; is this a protein, or an alignment?")
    plain = plain_bases(letters)
    if plain < PLAIN_SHARE * len(letters):
        raise BadQuery(
            f"{where}: only {plain} of its {len(letters)} letters are A, C, G or T; is this a protein?"
        )
    if len(letters) < SHORTEST:
        raise BadQuery(
            f"{where} has {len(letters)} bases: {SHORTEST} at least are needed, shorter ones hit by chance"
        )


def _check_names(records: Sequence[Record]) -> None:
    names: set[str] = set()
    for record in records:
        if record.name in names:
            raise BadQuery(f"line {record.line}: there are two sequences {record.name!r} in the query")
        names.add(record.name)


def _not_too_long(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise BadQuery(
            f"the query is too long: {MOST_BASES:,} bases at most are searched; search it in parts"
        )
    return text
