"""minimap2's PAF with cs tags, pure: lines → alignments with their SNPs, insertions and deletions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from workers.run_lengths import Array

#: one step of a cs tag: so many equal bases, equal bases, a substitution (reference, query), an insertion, a deletion
_STEP = re.compile(r":(\d+)|=([A-Za-z]+)|\*([a-z])([a-z])|\+([a-z]+)|-([a-z]+)")
_COLUMNS = 12


@dataclass(frozen=True)
class Difference:
    """A substitution; ``start`` is on the reference, ``at`` on the assembly's contig, both from 0."""

    start: int
    reference: str
    base: str
    at: int


@dataclass(frozen=True)
class Alignment:
    """One contig of the assembly on one of the reference; positions from 0, ends not included."""

    contig: str
    contig_length: int
    contig_start: int
    contig_end: int
    strand: str
    reference: str
    start: int
    end: int
    quality: int
    substitutions: list[Difference] = field(default_factory=list)
    #: (start, end) on the reference
    deletions: list[tuple[int, int]] = field(default_factory=list)
    #: (position on the reference, so many bases are inserted before it)
    insertions: list[tuple[int, int]] = field(default_factory=list)
    #: (start on the reference, bases of the contig walked before, length) of columns without a gap
    blocks: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def length(self) -> int:
        """Bases of the reference."""
        return self.end - self.start


def places(each: Alignment) -> Array:
    """For every base of the aligned part of the contig its position on the reference, or -1 if that has none."""
    found = np.full(each.contig_end - each.contig_start, -1, np.int64)
    for start, taken, length in each.blocks:
        found[taken : taken + length] = np.arange(start, start + length)
    return found if each.strand == "+" else found[::-1]


def parse_paf(lines: Iterable[str]) -> Iterator[Alignment]:
    """The alignments of a file that was made with ``--cs``.

    Raises: ValueError if a line has no cs tag, or one that cannot be read.
    """
    for line in lines:
        columns = line.rstrip("\n").split("\t")
        cs = next((tag[5:] for tag in columns[_COLUMNS:] if tag.startswith("cs:Z:")), None)
        if cs is None:
            raise ValueError(f"no cs tag in {line[:200]!r}")
        contig, length, first, last, strand, reference, _, start, end, _, _, quality = columns[:_COLUMNS]
        alignment = Alignment(
            contig, int(length), int(first), int(last), strand, reference, int(start), int(end), int(quality)
        )
        _read_cs(cs, alignment)
        yield alignment


def _read_cs(cs: str, into: Alignment) -> None:
    """Walk along the reference; on the minus strand the contig is walked backwards."""
    here, taken, read = into.start, 0, 0
    for step in _STEP.finditer(cs):
        if step.start() != read:
            break
        read = step.end()
        same, letters, reference, base, inserted, deleted = step.groups()
        if base:
            into.substitutions.append(_substitution(into, here, taken, reference, base))
            into.blocks.append((here, taken, 1))
            here, taken = here + 1, taken + 1
        elif inserted:
            into.insertions.append((here, len(inserted)))
            taken += len(inserted)
        elif deleted:
            into.deletions.append((here, here + len(deleted)))
            here += len(deleted)
        else:
            equal = int(same) if same else len(letters)
            into.blocks.append((here, taken, equal))
            here, taken = here + equal, taken + equal
    if read != len(cs) or here != into.end:
        raise ValueError(f"the cs tag of {into.contig} cannot be read from {cs[read : read + 30]!r}")


def _substitution(into: Alignment, here: int, taken: int, reference: str, base: str) -> Difference:
    at = into.contig_start + taken if into.strand == "+" else into.contig_end - 1 - taken
    return Difference(here, reference.upper(), base.upper(), at)
