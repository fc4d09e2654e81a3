"""Calls on disk: gzipped GFF with each substitution and each stretch that is not decided, and back."""

from __future__ import annotations

import gzip
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from crobot_errors import BadInput
from workers.fasta import DAMAGED, open_text
from workers.nomenclature.gff import VALUE_SAFE
from workers.run_lengths import run_lengths
from workers.snp.calls import Calls, Snp, Verdict
from workers.snp.intervals import Feature, feature, read_gff, region_lines

#: terms of the Sequence Ontology
SNP, UNDECIDED, DOUBTFUL = "SNV", "sequence_uncertainty", "biological_region"
#: why something is doubtful: it would be in a long repeat; no reads say anything of the assembly
IN_REPEATS, NO_READS = "in_repeats", "no_reads"
PASS = "PASS"  # noqa: S105 (a filter's word)


@dataclass(frozen=True)
class StoredCalls:
    """What is read back: trusted substitutions and undecided stretches, both with positions from 0 on a contig."""

    lengths: dict[str, int]
    #: (contig, position, base)
    snps: list[tuple[str, int, str]]
    #: (contig, start, end)
    undecided: list[tuple[str, int, int]]
    #: the same, of what is not believed in long repeats of the reference
    doubtful: list[tuple[str, int, int]] = field(default_factory=list)
    #: whether the quality of the bases was known
    by_reads: bool = False
    #: reason → undecided bases
    left_out: Mapping[str, int] = field(default_factory=dict)
    #: reason → substitutions that are not trusted
    dropped: Mapping[str, int] = field(default_factory=dict)


def write_calls(path: Path, calls: Calls, comments: dict[str, str]) -> Path:
    """Write the same bytes for the same calls."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="ascii") as text,
    ):
        text.writelines(f"{line}\n" for line in _lines(calls, comments))
    return path


def _lines(calls: Calls, comments: dict[str, str]) -> Iterator[str]:
    yield from region_lines(calls.genome.lengths)
    for name, value in comments.items():
        yield f"# {name} {quote(value, safe=VALUE_SAFE)}"
    for start, end, verdict in run_lengths(calls.verdicts):
        if verdict != Verdict.CALLED:
            yield from _features(calls, UNDECIDED, start, end, Verdict(verdict).name.lower())
    yield from _doubtful(calls)
    for snp in calls.snps:
        yield _snp(calls, snp)


def _doubtful(calls: Calls) -> Iterator[str]:
    if calls.doubtful is None:
        yield from _features(calls, DOUBTFUL, 0, calls.genome.size, NO_READS)
        return
    for start, end, doubtful in run_lengths(calls.doubtful):
        if doubtful:
            yield from _features(calls, DOUBTFUL, start, end, IN_REPEATS)


def _features(calls: Calls, kind: str, start: int, end: int, reason: str) -> Iterator[str]:
    for contig, begin, stop in calls.genome.split(start, end):
        yield feature(contig, kind, begin, stop, f"reason={reason}")


def _snp(calls: Calls, snp: Snp) -> str:
    contig, at = calls.genome.place(snp.position)
    verdict = PASS if snp.verdict is Verdict.CALLED else snp.verdict.name.lower()
    attributes = (
        f"Reference_seq={snp.reference};Variant_seq={snp.base};filter={verdict};"
        f"contig={quote(snp.contig, safe=VALUE_SAFE)};contig_position={snp.at + 1};contig_strand={snp.strand}"
    )
    return feature(contig, SNP, at, at + 1, attributes, str(snp.quality))


def read_calls(path: Path) -> StoredCalls:
    """Read what `write_calls` wrote.

    Raises: BadInput if it is something else, or damaged.
    """
    try:
        with open_text(path) as text:
            lengths, features = read_gff(text, path)
    except DAMAGED as error:
        raise BadInput(f"{path} is damaged, or not text ({error})") from error
    snps = [
        (each.contig, each.start, each.attributes["Variant_seq"])
        for each in features
        if each.kind == SNP and each.attributes.get("filter") == PASS
    ]
    by_reads = not any(each.attributes.get("reason") == NO_READS for each in features)
    left_out, dropped = Counter[str](), Counter[str]()
    for each in features:
        if each.kind == UNDECIDED:
            left_out[each.attributes["reason"]] += each.end - each.start
        elif each.kind == SNP and each.attributes.get("filter") != PASS:
            dropped[each.attributes["filter"]] += 1
    undecided, doubtful = _stretches(features, UNDECIDED), _stretches(features, DOUBTFUL)
    return StoredCalls(lengths, snps, undecided, doubtful, by_reads, left_out, dropped)


def _stretches(features: list[Feature], kind: str) -> list[tuple[str, int, int]]:
    return [(each.contig, each.start, each.end) for each in features if each.kind == kind]
