"""Stretches of the reference, pure: merged, and written as GFF; positions from 0 without the end, 1-based in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from crobot_errors import BadInput
from workers.nomenclature.gff import SEQID_SAFE

GFF_HEADER = "##gff-version 3"
#: terms of the Sequence Ontology for the lines of a mask: all that is masked, and once more its tandem arrays
REPEAT_REGION, TANDEM_REPEAT = "repeat_region", "tandem_repeat"


@dataclass(frozen=True, order=True)
class Interval:
    """A stretch of a contig of the reference, and what is said of it."""

    contig: str
    start: int
    end: int
    kind: str = ""


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Overlapping and touching stretches become one; what is said of them is joined."""
    found: list[Interval] = []
    for each in sorted(intervals):
        last = found[-1] if found else None
        if last is not None and last.contig == each.contig and each.start <= last.end:
            kinds = sorted({*last.kind.split(","), *each.kind.split(",")} - {""})
            found[-1] = Interval(last.contig, last.start, max(last.end, each.end), ",".join(kinds))
        else:
            found.append(each)
    return found


def region_lines(lengths: Mapping[str, int]) -> Iterator[str]:
    """The head of a GFF file, which names every contig with its length."""
    yield GFF_HEADER
    for contig, length in lengths.items():
        yield f"##sequence-region {quote(contig, safe=SEQID_SAFE)} 1 {length}"


def feature(contig: str, kind: str, start: int, end: int, attributes: str, score: str = ".") -> str:
    """One line of GFF, of something that begins at ``start`` and ends before ``end``."""
    seqid = quote(contig, safe=SEQID_SAFE)
    return "\t".join((seqid, "crobot", kind, str(start + 1), str(end), score, ".", ".", attributes))


@dataclass(frozen=True)
class Feature:
    """One line of GFF as read; positions from 0, the end not included."""

    contig: str
    kind: str
    start: int
    end: int
    score: str
    attributes: Mapping[str, str]


def read_gff(lines: Iterable[str], path: object) -> tuple[dict[str, int], list[Feature]]:
    """The contigs with their lengths, and the features.

    Raises: BadInput naming the line that is no GFF.
    """
    lengths: dict[str, int] = {}
    features: list[Feature] = []
    for number, line in enumerate(lines, 1):
        try:
            if line.startswith("##sequence-region"):
                _, contig, _, end = line.split()
                lengths[unquote(contig)] = int(end)
            elif line.strip() and not line.startswith("#"):
                features.append(_feature(line.rstrip("\r\n").split("\t")))
        except ValueError as error:
            raise BadInput(f"{path}, line {number}: not GFF as CRobot writes it: {line[:60]!r}") from error
    if not lengths:
        raise BadInput(f"{path} is no GFF of CRobot: it names no contig of the reference")
    return lengths, features


def _feature(columns: Sequence[str]) -> Feature:
    contig, _, kind, start, end, score, _, _, attributes = columns
    pairs = (pair.split("=", 1) for pair in attributes.split(";") if pair)
    return Feature(
        unquote(contig), kind, int(start) - 1, int(end), score, {key: unquote(value) for key, value in pairs}
    )
