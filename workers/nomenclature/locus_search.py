"""Locus search: a user's sequences → where an assembly has something like them; a mode of the pipeline nomenclature."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from crobot_errors import BadInput, BadQuery, UnusableInput
from workers import storage
from workers.attempt import Attempt
from workers.contigs import check_assembly
from workers.fasta import Record, reverse_complement
from workers.job import JobInput, Resources
from workers.nomenclature.circular import read_around
from workers.nomenclature.query import fasta, parse_query, read_query_text
from workers.nomenclature.representatives import is_coding
from workers.nomenclature.translation import translation
from workers.tools import Tool

MODE = "locus_search"
#: goes up whenever the same search may find something else; the pipeline's version says that of alleles, too, which
#: would all be outdated
RULES = "2"
OUTFMT = "6 qseqid sseqid qlen qstart qend sstart send nident length evalue bitscore"
#: percent, of identity and of the query's length, unless a job says otherwise: what is less alike is another gene, or a
#: part that many genes have
MIN_IDENTITY, MIN_COVERAGE = 90.0, 50.0
#: hits that travel in the report, the best ones; all are in the table
MOST_HITS = 200
#: a hit that lacks no more of the query at both ends together than this share is judged as a gene
WHOLE = 0.99
MB = 10**6


@dataclass(frozen=True)
class Found:
    """One place in the assembly that is like a sequence of the query; positions count from 1, the end is included."""

    query: str
    query_length: int
    query_start: int
    query_end: int
    contig: str
    start: int
    end: int
    strand: str
    #: shares, 0 to 1; that of the query's length which is aligned is the coverage
    identity: float
    coverage: float
    #: columns of the alignment
    alignment_length: int
    evalue: float
    bit_score: float
    #: of a query that is a coding sequence, and is here as a whole: what it translates to
    translation: str | None


COLUMNS = tuple(field.name for field in fields(Found))


def check(job: JobInput, roots: Sequence[Path]) -> None:
    """Check what was sent, on the head.

    Raises: BadInput.
    """
    check_assembly(storage.checked_file(file_of(job, "assembly"), roots))
    parse_query(read_query_text(storage.checked_file(file_of(job, "query"), roots)))
    limits_of(job)


def resources(assembly_bytes: int) -> Resources:
    """By the size of the assembly; a query is small."""
    return Resources(1, 500 * MB + 20 * assembly_bytes, 200 * MB + 10 * assembly_bytes, 1800)


def limits_of(job: JobInput) -> tuple[float, float]:
    """The least identity and coverage, in percent.

    Raises: BadInput naming the value.
    """
    found = []
    for name, default in (("min_identity", MIN_IDENTITY), ("min_coverage", MIN_COVERAGE)):
        value = job.params.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
            raise BadInput(f"{name} is {value!r}: it is a number of percent, from 0 to 100")
        found.append(float(value))
    return found[0], found[1]


def file_of(job: JobInput, name: str) -> str:
    """The path of an input.

    Raises: BadInput if there is none.
    """
    path = job.inputs.get(name)
    if not isinstance(path, str) or not path:
        raise BadInput(f"nomenclature needs the input {name!r}, the path of a FASTA file, not {path!r}")
    return path


def read_queries(attempt: Attempt) -> list[Record]:
    """The sequences that are searched.

    Raises: UnusableInput if the query is not what the head saw.
    """
    try:
        return parse_query(read_query_text(attempt.input_file(file_of(attempt.job, "query"))))
    except BadQuery as error:
        raise UnusableInput(str(error)) from error


def hits_in(
    attempt: Attempt,
    blastn: Tool,
    queries: Sequence[Record],
    contigs: Mapping[str, str],
    circular: Collection[str] = (),
) -> list[Found]:
    """What is like the queries by the limits of the job, of each query the best hit first.

    ``circular`` contigs are read around: the end of a hit across the opening lies beyond the contig's length.
    """
    min_identity, min_coverage = limits_of(attempt.job)
    longest = max(len(query.sequence) for query in queries)
    searched = read_around(contigs, circular, longest)
    found = _hits(attempt, blastn, queries, searched, min_identity)
    enough = [hit for hit in found if hit.coverage >= min_coverage / 100]
    lengths = {name: len(contigs[name]) for name in circular}
    return sorted(once(enough, lengths), key=_best_first)


def once(hits: Iterable[Found], lengths: Mapping[str, int]) -> Iterator[Found]:
    """Without those that are found in what was read a second time, or are a part of one across the opening.

    ``lengths`` are those of the circular contigs.
    """
    whole = [hit for hit in hits if hit.start <= lengths.get(hit.contig, hit.start)]
    across = [hit for hit in whole if hit.end > lengths.get(hit.contig, hit.end)]
    for hit in whole:
        begin, end = (at + lengths.get(hit.contig, 0) for at in (hit.start, hit.end))
        if not any(
            other.query == hit.query
            and other.contig == hit.contig
            and other.strand == hit.strand
            and other.start <= begin
            and end <= other.end
            for other in across
        ):
            yield hit


def search(
    attempt: Attempt, blastn: Tool, contigs: Mapping[str, str], circular: Collection[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Search the query in the contigs; returns the results, and the table of all hits.

    Raises: UnusableInput if the query is not what the head saw.
    """
    queries = read_queries(attempt)
    min_identity, min_coverage = limits_of(attempt.job)
    hits = hits_in(attempt, blastn, queries, contigs, circular)
    attempt.log(f"{len(queries)} sequences, {len(contigs)} contigs: {len(hits)} hits")
    table = attempt.output_dir / "hits.tsv"
    table.write_text(_table(hits), encoding="utf-8")
    return {
        "queries": [_summary(query, hits) for query in queries],
        "hits": [asdict(hit) for hit in hits[:MOST_HITS]],
        "hit_count": len(hits),
        "min_identity": min_identity,
        "min_coverage": min_coverage,
    }, {"hits": str(table)}


def _hits(
    attempt: Attempt, blastn: Tool, queries: Sequence[Record], contigs: Mapping[str, str], min_identity: float
) -> Iterator[Found]:
    # both get numbers as names: real ones may mislead BLAST
    query, subject = attempt.scratch_dir / "query.fasta", attempt.scratch_dir / "contigs.fasta"
    table, names = attempt.scratch_dir / "hits.tsv", list(contigs)
    numbered = (Record(0, str(at), record.sequence) for at, record in enumerate(queries))
    query.write_text(fasta(numbered), encoding="ascii")
    numbered = (Record(0, str(at), sequence) for at, sequence in enumerate(contigs.values()))
    subject.write_text(fasta(numbered), encoding="ascii")
    options = {
        "-query": query, "-subject": subject, "-task": "blastn", "-dust": "no", "-evalue": "1e-5",
        "-perc_identity": min_identity, "-max_target_seqs": max(500, len(names)), "-outfmt": OUTFMT,
    }  # fmt: skip
    attempt.run_tool(blastn, [str(word) for option in options.items() for word in option], stdout=table)
    coding = [is_coding(record.sequence) for record in queries]
    with table.open(encoding="ascii") as lines:
        for line in lines:
            yield _found(line, queries, coding, names, contigs)


def _found(
    line: str,
    queries: Sequence[Record],
    coding: Sequence[bool],
    names: Sequence[str],
    contigs: Mapping[str, str],
) -> Found:
    columns = line.split("\t")
    at, contig = int(columns[0]), names[int(columns[1])]
    length, q_start, q_end, s_start, s_end, same, aligned = map(int, columns[2:9])
    strand, start, end = ("+", s_start, s_end) if s_start <= s_end else ("-", s_end, s_start)
    coverage = _share(q_end - q_start + 1, length)
    return Found(
        queries[at].name, length, q_start, q_end, contig, start, end, strand,
        _share(same, aligned), coverage, aligned, float(columns[9]), float(columns[10]),
        _translated(contigs[contig], start, end, strand, q_start - 1, length - q_end)
        if coding[at] and coverage >= WHOLE else None,
    )  # fmt: skip


def _share(part: int, whole: int) -> float:
    """Rounded down: one letter of 30,000 that differs does not become identity."""
    return part * 10_000 // whole / 10_000


def _translated(contig: str, start: int, end: int, strand: str, before: int, after: int) -> str | None:
    """What lies there as a whole: BLAST leaves off ends that differ, of which the query knows the length."""
    left, right = (before, after) if strand == "+" else (after, before)
    first, last = start - 1 - left, end + right
    if first < 0 or last > len(contig):
        return None
    bases = contig[first:last]
    return translation(bases if strand == "+" else reverse_complement(bases)).value


def is_identical(hit: Found) -> bool:
    """Whether the whole query lies there as it is."""
    return hit.identity == 1 and hit.coverage == 1


def _best_first(hit: Found) -> tuple[Any, ...]:
    return (hit.query, -hit.bit_score, hit.contig, hit.start)


def _summary(query: Record, hits: Iterable[Found]) -> dict[str, Any]:
    own = [hit for hit in hits if hit.query == query.name]
    return {
        "query": query.name,
        "length": len(query.sequence),
        "coding": is_coding(query.sequence),
        "hits": len(own),
        "whole_and_identical": sum(map(is_identical, own)),
    }


def _table(hits: Iterable[Found]) -> str:
    lines = ["\t".join(COLUMNS), *("\t".join(cells(hit)) for hit in hits)]
    return "\n".join(lines) + "\n"


def cells(hit: Found) -> list[str]:
    """A hit's line in a table, by `COLUMNS`."""
    return ["" if value is None else str(value) for value in asdict(hit).values()]
