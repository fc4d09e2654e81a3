"""Repeats of a reference, pure: what two tools print → the stretches in which no SNP is believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from workers.snp.intervals import Interval

#: an assembler of short reads mixes up copies that are longer than its k-mers and share such stretches. Measured on
#: contigs of six isolates of Agona: all of their false SNPs lie in repeats of 97.5 % and more
MIN_LENGTH, MIN_IDENTITY = 100, 95.0
#: match, mismatch, gap, probabilities of match and gap, least score, longest unit. TRF's own 7 for a mismatch misses
#: arrays whose copies differ by 15 %; of score 30 are two copies of 15 bases
TRF = (2, 5, 5, 80, 10, 30, 500)
#: of a line of TRF's
TRF_COLUMNS = 15
#: a shorter array lies within a read, whose ends say how many copies there are; false SNPs were seen from 270 bases on
MIN_ARRAY = 150
TANDEM = "tandem"
#: columns that `repeats` reads
OUTFMT = "6 qseqid sseqid qstart qend sstart send pident length"


def repeats(lines: Iterable[str], names: Sequence[str]) -> Iterator[Interval]:
    """Both sides of each of BLAST's alignments of the genome with itself, other than of a place with itself."""
    for line in lines:
        query, subject, *numbers = line.split("\t")
        first, last, begin, end = map(int, numbers[:4])
        if (query, first, last) == (subject, begin, end):
            continue
        if int(numbers[5]) < MIN_LENGTH or float(numbers[4]) < MIN_IDENTITY:
            continue
        yield _interval(names[int(query)], first, last, "repeat")
        yield _interval(names[int(subject)], begin, end, "repeat")


def low_complexity(lines: Iterable[str], names: Sequence[str]) -> Iterator[Interval]:
    """What dustmasker found, in its format ``acclist``: name, first and last base from 0."""
    for line in lines:
        name, first, last = line.lstrip(">").split("\t")
        yield Interval(names[int(name)], int(first), int(last) + 1, "low_complexity")


def tandem_arrays(lines: Iterable[str], names: Sequence[str]) -> Iterator[Interval]:
    """What TRF writes with ``-d``: ``Sequence: name``, then a line an array with its first and last base from 1."""
    name = ""
    for line in lines:
        cells = line.split()
        if cells[:1] == ["Sequence:"]:
            name = names[int(cells[1])]
        elif len(cells) == TRF_COLUMNS and int(cells[1]) - int(cells[0]) + 1 >= MIN_ARRAY:
            yield Interval(name, int(cells[0]) - 1, int(cells[1]), TANDEM)


def _interval(contig: str, one: int, other: int, kind: str) -> Interval:
    return Interval(contig, min(one, other) - 1, max(one, other), kind)
