"""CRISPR arrays of contigs, pure: the same sequence gives the same array, on both strands, alone or in a genome."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.annotating.array_evidence import is_array
from workers.annotating.recurring_words import Begins, stretches, turned
from workers.annotating.repeat_copies import Copies, copies_around
from workers.fasta import reverse_complement


@dataclass(frozen=True)
class Array:
    """A CRISPR array; ``start`` and ``end`` count from 1, the end is within.

    Repeats and spacers are read on ``strand``, the one on which the consensus comes first in the alphabet: so an array
    reads the same wherever it lies. It is not said in which direction the array is transcribed.
    """

    contig: str
    start: int
    end: int
    strand: str
    repeat_consensus: str
    repeats: tuple[str, ...]
    spacers: tuple[str, ...]


def arrays(contigs: Mapping[str, str]) -> list[Array]:
    """The arrays of all contigs (in upper case), from left to right."""
    return [array for name, sequence in contigs.items() for array in _of_contig(name, sequence)]


def _of_contig(name: str, sequence: str) -> list[Array]:
    other = reverse_complement(sequence)
    found = (
        array
        for words in stretches(sequence)
        for array in (
            *_read(name, sequence, words, "+"),
            *_read(name, other, turned(words, len(sequence)), "-"),
        )
    )
    return sorted(_apart(found), key=lambda array: array.start)


def _read(name: str, sequence: str, words: list[Begins], strand: str) -> Iterator[Array]:
    """The array of these words on one strand of the contig, if it is one."""
    copies = copies_around(sequence, words)
    if copies and is_array(copies.consensus, copies.repeats(sequence), copies.spacers(sequence)):
        yield _array(name, sequence, copies, strand)


def _array(name: str, sequence: str, copies: Copies, strand: str) -> Array:
    """As it reads on the strand that is alphabetically first."""
    consensus, repeats, spacers = copies.consensus, copies.repeats(sequence), copies.spacers(sequence)
    first, last = copies.begins[0], copies.begins[-1] + len(consensus)
    if strand == "-":
        first, last = len(sequence) - last, len(sequence) - first
    if reverse_complement(consensus) < consensus:
        strand = "-" if strand == "+" else "+"
        consensus, repeats, spacers = reverse_complement(consensus), _turned(repeats), _turned(spacers)
    return Array(name, first + 1, last, strand, consensus, tuple(repeats), tuple(spacers))


def _turned(parts: list[str]) -> list[str]:
    return [reverse_complement(part) for part in reversed(parts)]


def _apart(found: Iterable[Array]) -> Iterator[Array]:
    """Of arrays that share bases only the best one."""
    kept: list[Array] = []
    for array in sorted(found, key=_rank):
        if all(array.start > other.end or array.end < other.start for other in kept):
            kept.append(array)
            yield array


def _rank(array: Array) -> tuple[Any, ...]:
    """Best first; nothing that depends on where the array lies, but for the last."""
    bases = array.end - array.start
    return -len(array.repeats), -bases, array.repeat_consensus, array.repeats, array.spacers, array.start
