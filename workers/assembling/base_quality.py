"""How sure each base of an assembly is, pure: what its reads agree on, and how deep they lie → a Phred score.

Reads that disagree say that the base is wrong, or that several copies of a repeat lie on top of each other. Copies
that agree there are seen by their depth. So the score is that of the base at its place in the genome.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from crobot_errors import BadInput
from workers.assembling.assembly import Contig
from workers.fasta import DAMAGED, open_text
from workers.run_lengths import Array, run_lengths

#: more than this is written as this: the file would be forty times as large, and nobody would gain by it
TOP = 60
#: where more than this times the reads of the surroundings lie, they may come from several copies of a repeat, whose
#: differences nobody knows: good enough elsewhere (chance makes one base in a hundred so deep), not within repeats
DEEP, DEEP_QUALITY = 1.5, 35
#: a contig of this length is its own surroundings: depth falls from the origin of replication to its end, and a
#: plasmid has its own
LONG = 20_000
#: one in a thousand is wrong: at Q20 eight reads a base leave a few false SNPs. Within repeats more is asked for
LOW, LOW_IN_REPEATS = 30, 40
ASCII = 33


@dataclass(frozen=True)
class BaseQuality:
    """Of all contigs; ``contradicted`` counts bases of which the reads agree (Q30) that they are others."""

    qualities: Mapping[str, Array]
    mean_depth: float
    contradicted: int

    @property
    def low_share(self) -> float:
        """Share of the bases below Q30."""
        return float(np.mean(np.concatenate([*self.qualities.values()]) < LOW))

    def as_dict(self) -> dict[str, float | int]:
        """For the results."""
        return {
            "low_share": round(self.low_share, 6),
            "mean_depth": round(self.mean_depth, 1),
            "contradicted": self.contradicted,
        }


def judge(
    contigs: Sequence[Contig], consensus: Mapping[str, tuple[str, Array]], depths: Mapping[str, Array]
) -> BaseQuality:
    """Judge every base; a contig to which no read belongs is worth nothing."""
    known = {each.name: depths.get(each.name, np.zeros(each.length, np.int32)) for each in contigs}
    everywhere = np.concatenate([*known.values()])
    usual = float(np.median(everywhere))
    qualities: dict[str, Array] = {}
    contradicted = 0
    for each in contigs:
        letters, scores = consensus.get(each.name, ("N" * each.length, np.zeros(each.length, np.uint8)))
        other = _letters(letters) != _letters(each.sequence.upper())
        contradicted += int((other & (_letters(letters) != ord("N")) & (scores >= LOW)).sum())
        quality = np.where(other, 0, np.minimum(scores, TOP)).astype(np.uint8)
        around = float(np.median(known[each.name])) if each.length >= LONG else usual
        deep = known[each.name] > DEEP * around
        quality[deep] = np.minimum(quality[deep], DEEP_QUALITY)
        qualities[each.name] = quality
    return BaseQuality(qualities, float(everywhere.mean()), contradicted)


def _letters(text: str) -> Array:
    return np.frombuffer(text.encode("ascii"), np.uint8)


def read_consensus(lines: Iterable[str]) -> dict[str, tuple[str, Array]]:
    """FASTQ with one line for the bases of each contig: they, and their scores."""
    rows = (line.rstrip("\n") for line in lines)
    return {
        header[1:].split()[0]: (bases, _letters(scores) - ASCII)
        for header, bases, _, scores in zip(rows, rows, rows, rows, strict=True)
    }


def read_depths(lines: Iterable[str]) -> dict[str, Array]:
    """What ``samtools depth -a`` prints: every base of every contig, in order."""
    columns = (line.split("\t") for line in lines)
    return {
        name: np.fromiter((int(row[2]) for row in rows), np.int32)
        for name, rows in groupby(columns, key=lambda row: row[0])
    }


def write_bedgraph(path: Path, qualities: Mapping[str, Array]) -> Path:
    """Stretches of equal quality, gzipped; the same bytes each time."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="ascii") as text,
    ):
        text.writelines(_lines(qualities))
    return path


def _lines(qualities: Mapping[str, Array]) -> Iterator[str]:
    for name, values in qualities.items():
        for start, end, quality in run_lengths(values):
            yield f"{name}\t{start}\t{end}\t{quality}\n"


def read_bedgraph(path: Path, lengths: Mapping[str, int]) -> dict[str, Array]:
    """The quality of every base of these contigs.

    Raises: BadInput if the file is damaged, no bedGraph, or of another assembly.
    """
    found = {name: np.full(length, -1, np.int16) for name, length in lengths.items()}
    try:
        with open_text(path) as text:
            for number, line in enumerate(text, 1):
                name, start, end, quality = line.split("\t")
                if name not in found or not 0 <= int(start) < int(end) <= lengths[name]:
                    raise BadInput(f"{path}, line {number}: the assembly has no {name}:{start}-{end}")
                found[name][int(start) : int(end)] = int(quality)
    except DAMAGED as error:
        raise BadInput(f"{path} is damaged, or not text ({error})") from error
    except BadInput:
        raise
    except ValueError as error:
        raise BadInput(f"{path}, line {number}: not bedGraph: {line[:60]!r}") from error
    missing = next((name for name, values in found.items() if (values < 0).any()), None)
    if missing is not None:
        raise BadInput(
            f"{path} does not say the quality of every base of {missing}: is it of another assembly?"
        )
    return found
