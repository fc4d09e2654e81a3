"""Assemblies that were sent: plain or gzipped nucleotide FASTA in any style → contigs in upper case."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from itertools import chain, count, islice
from pathlib import Path

from crobot_errors import BadInput
from workers.fasta import DAMAGED, PLAIN_SHARE, Record, check_letters, open_text, plain_bases, read_records

#: the head looks only at the beginning
CHECKED_LINES = 200
#: letters in a line of a file that we write
LINE = 80
#: what a header says of a replicon whose end is its begin, as assemblers (Unicycler, Dragonflye) and GenBank write it
CIRCULAR = re.compile(r"\b(circular=(true|yes|y)|topology=circular)\b", re.IGNORECASE)


def check_assembly(path: Path) -> None:
    """Look at the beginning of a file.

    Raises: BadInput if it is not nucleotide FASTA.
    """
    try:
        with open_text(path) as text:
            lines = [line.strip() for line in islice(text, CHECKED_LINES)]
    except DAMAGED as error:
        raise BadInput(f"{path} is damaged, or not text ({error}): send FASTA, plain or gzipped") from error
    filled = [line for line in lines if line]
    if not filled:
        raise BadInput(f"{path} is empty: there is no assembly in it")
    if not filled[0].startswith(">"):
        raise BadInput(f"{path} is not FASTA: it begins with {filled[0][:20]!r} instead of '>'")
    for number, line in enumerate(lines, 1):
        if not line.startswith(">"):
            check_letters("".join(line.split()), f"{path}, line {number}")


def read_assembly(path: Path, rename: bool = False) -> dict[str, str]:
    """All contigs by name, in the file's order; U is read as T.

    With ``rename``, a contig whose name came before, or that has none, gets one of its own: the second k becomes k.2.

    Raises: BadInput if it is not nucleotide FASTA, is damaged, or names a contig twice.
    """
    contigs: dict[str, str] = {}
    for record in read_records(path):
        where = f"{path}, line {record.line}"
        name = _new_name(record, contigs) if rename else _checked_name(record, contigs, where)
        check_letters(record.sequence, where)
        contigs[name] = record.sequence.upper().replace("U", "T")
    if not any(contigs.values()):
        raise BadInput(f"{path} has headers but no sequence")
    _check_bases(path, contigs)
    return {name: sequence for name, sequence in contigs.items() if sequence}


def circular_contigs(path: Path, contigs: Collection[str]) -> frozenset[str]:
    """Those of a file's contigs, named in its order, whose headers say that they are circular."""
    headers = (record.header for record in read_records(path) if record.sequence)
    return frozenset(name for name, header in zip(contigs, headers, strict=True) if CIRCULAR.search(header))


def fasta_text(contigs: Mapping[str, str], circular: Collection[str] = ()) -> str:
    """The same contigs as FASTA that every tool reads: names only, lines of one length, ends of lines as in Unix.

    Behind the names of ``circular`` contigs it is said that they are.
    """
    return "".join(
        f">{name}{' circular=true' if name in circular else ''}\n"
        + "".join(f"{sequence[at : at + LINE]}\n" for at in range(0, len(sequence), LINE))
        for name, sequence in contigs.items()
    )


def checksum(contigs: Mapping[str, str]) -> str:
    """SHA-256 of the FASTA text, so that line ends, case and compression make no difference."""
    return hashlib.sha256(fasta_text(contigs).encode()).hexdigest()


def _check_bases(path: Path, contigs: Mapping[str, str]) -> None:
    """N is no sign of a protein: scaffolds have long gaps, and the QA judges their share."""
    sequences = contigs.values()
    letters = sum(len(each) - each.count("N") for each in sequences)
    plain = sum(map(plain_bases, sequences))
    if plain < PLAIN_SHARE * letters:
        raise BadInput(f"{path}: only {plain:,} of {letters:,} letters are A, C, G or T; is this a protein?")


def _checked_name(record: Record, contigs: Mapping[str, str], where: str) -> str:
    cure = "add the assembly with --rename, which gives each contig a name of its own"
    if not record.name:
        raise BadInput(f"{where}: this contig has no name; {cure}")
    if record.name in contigs:
        raise BadInput(f"{where}: there are two contigs {record.name!r}; {cure}")
    return record.name


def _new_name(record: Record, contigs: Mapping[str, str]) -> str:
    name = record.name or "contig"
    names = chain([name], (f"{name}.{number}" for number in count(2)))
    return next(each for each in names if each not in contigs)
