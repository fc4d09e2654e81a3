"""QAssembly: paired reads → assembly, the quality of its bases, its statistics and the QA evaluation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crobot_errors import AttemptError, BadInput, BadReads, NothingAssembled, UnusableReads
from workers.assembling import assembly, qa
from workers.assembling.assemblers import ASSEMBLERS, DEFAULT
from workers.assembling.assembly import Contig
from workers.assembling.assembly_params import AssemblyParams, check_references, checked_params
from workers.assembling.base_quality import BaseQuality, judge, read_consensus, read_depths, write_bedgraph
from workers.assembling.species_check import MASH, species_share
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool
from workers.short_reads import reads
from workers.short_reads.archive import Archive
from workers.short_reads.quality_letters import QualityLetters, quality_letters
from workers.short_reads.read_check import checking
from workers.short_reads.reads import ReadPair
from workers.short_reads.remap import MINIMAP2, SAMTOOLS, map_back
from workers.short_reads.trim import FASTP, Trimmed, trim

MB, GB = 10**6, 10**9
#: compressed size of a run of which only the accession is known
TYPICAL_RUN_BYTES = 300 * MB
#: assemblers, measured: about 1.2 GB at 50 MB of reads; the depth cap bounds what large runs need
BASE_MEMORY_BYTES, MEMORY_A_BYTE, MOST_MEMORY_BYTES = 2 * GB, 10, 16 * GB
#: trimmed reads are not compressed, and the assembler makes files of its own from them
BASE_DISK_BYTES, DISK_A_BYTE = 1500 * MB, 12
BASE_TIME_S, TIME_S_A_MB = 3600, 20


class QAssembly(Pipeline):
    """Trim, cap the depth, assemble, filter, map the reads back, measure, evaluate."""

    name = "QAssembly"
    version = "4.2"
    tools = (FASTP, ASSEMBLERS[DEFAULT].tool, MINIMAP2, SAMTOOLS, MASH)
    expected_s = 600.0

    def needs(self, job: JobInput) -> tuple[Tool, ...]:
        """The chosen assembler instead of the default one."""
        params = checked_params(job.params)
        mapping = (MINIMAP2, SAMTOOLS) if params.quality else ()
        return (FASTP, params.tool.tool, *mapping, MASH)

    def resources(self, job: JobInput) -> Resources:
        """By the size of the reads."""
        size = sum(map(_size_bytes, job.reads))
        return Resources(
            cores=checked_params(job.params).cores,
            memory_bytes=min(BASE_MEMORY_BYTES + MEMORY_A_BYTE * size, MOST_MEMORY_BYTES),
            disk_bytes=BASE_DISK_BYTES + DISK_A_BYTE * size,
            time_s=BASE_TIME_S + TIME_S_A_MB * size // MB,
        )

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check parameters, references, and the beginning of every read file."""
        params = checked_params(job.params)
        if job.inputs:
            raise BadInput(f"QAssembly takes reads only; it has no inputs {', '.join(job.inputs)}")
        if len(job.reads) > params.tool.max_read_sets:
            most = params.tool.max_read_sets
            raise BadInput(f"{params.assembler} takes at most {most} read sets, not {len(job.reads)}")
        reads.check_read_sets(job.reads, roots)
        check_references(params, roots)

    def run(self, attempt: Attempt) -> Outcome:
        """The steps, each logged."""
        params = checked_params(attempt.job.params)
        references = [attempt.input_file(text) for text in params.references]
        pairs = [
            _read_pair(attempt, number, read_set) for number, read_set in enumerate(attempt.job.reads, 1)
        ]
        letters = [_quality_letters(attempt, pair) for pair in pairs]
        pairs = [replace(pair, offset=each.offset) for pair, each in zip(pairs, letters, strict=True)]
        trimmed = _checked_and_trimmed(attempt, pairs, params)
        contigs = _assembled(attempt, trimmed, params)
        path = attempt.output_dir / "assembly.fasta"
        assembly.write_contigs(contigs, path)
        found = assembly.statistics(contigs)
        share = species_share(attempt, contigs, path, references)
        results = {
            "statistics": found.as_dict(),
            "qa": qa.evaluate(found, share, params.thresholds),
            "reads": _reads_results(trimmed, letters),
            "assembler": params.assembler,
        }
        outputs = {"assembly": str(path)}
        if params.quality:
            quality = _base_quality(attempt, contigs, path, trimmed, found.mean_depth)
            results["quality"] = quality.as_dict()
            outputs["quality"] = str(
                write_bedgraph(attempt.output_dir / "quality.bedgraph.gz", quality.qualities)
            )
        return Outcome(results, outputs | {"qa": str(_write_qa(attempt, results))})


def _size_bytes(read_set: Sequence[str]) -> int:
    """Compressed size of a read set; on a node that lacks a file, or for an accession, a typical one."""
    if reads.is_accession(read_set):
        return TYPICAL_RUN_BYTES
    try:
        return sum(Path(text).stat().st_size for text in read_set)
    except OSError:
        return TYPICAL_RUN_BYTES


def _read_pair(attempt: Attempt, number: int, read_set: Sequence[str]) -> ReadPair:
    """The files of a read set on this node."""
    if not reads.is_accession(read_set):
        return ReadPair(*(attempt.input_file(text) for text in read_set))
    into = attempt.scratch_dir / f"reads{number}"
    into.mkdir()
    archive = Archive(
        attempt.archive_url, attempt.cache, attempt.log, attempt.deadline, attempt.archive_report_url
    )
    pair = archive.fetch(read_set[0], into)
    for path in (pair.read1, pair.read2):
        attempt.checksums.add(path.name, path)
    return pair


def _quality_letters(attempt: Attempt, pair: ReadPair) -> QualityLetters:
    """How a read set writes its qualities, of which fastp is told: it does not look."""
    _check_begin(pair)
    attempt.log(f"reads: {pair.read1} {pair.read2} ({pair.size_bytes / MB:.1f} MB)")
    found = quality_letters(pair)
    attempt.log(f"qualities: {found.told}")
    return found


def _checked_and_trimmed(attempt: Attempt, pairs: Sequence[ReadPair], params: AssemblyParams) -> Trimmed:
    """Trim while the files are checked: fastp itself accepts truncated and unequal ones in silence."""
    with checking(pairs) as check:
        try:
            trimmed = trim(attempt, pairs, params.genome_bases)
        except AttemptError:
            # what is wrong with the reads says more than how the tool fell over them
            check.result()
            raise
        counts = check.result()
    attempt.log(f"reads are complete and in step: {', '.join(map(str, counts))} pairs")
    return trimmed


def _check_begin(pair: ReadPair) -> None:
    """The head's cheap check; fetched reads come by it only here."""
    try:
        reads.check_mates(reads.first_record(pair.read1), reads.first_record(pair.read2), pair)
    except BadReads as error:
        raise UnusableReads(str(error)) from error


def _assembled(attempt: Attempt, trimmed: Trimmed, params: AssemblyParams) -> list[Contig]:
    """Assemble, filter, name.

    Raises: NothingAssembled.
    """
    after = trimmed.after
    attempt.log(f"{after.count} of {trimmed.before.count} reads are left, of {after.mean_length:.0f} bp")
    kmers = params.kmers or params.tool.kmers_for(after.mean_length)
    raw = params.tool.assemble(attempt, trimmed.pairs, kmers) if after.count else []
    contigs = assembly.keep_solid(raw, params.min_contig)
    if not contigs:
        raise NothingAssembled(
            f"{trimmed.before.count} reads ({after.count} after trimming, of {after.mean_length:.0f} bp) "
            f"gave {len(raw)} contigs, none of {params.min_contig} bp or more: "
            "too few reads, or not of one isolate"
        )
    attempt.log(f"{len(raw)} contigs, {len(contigs)} after those were dropped that are short or thin")
    return assembly.name_by_length(assembly.scale_depths(contigs, after.bases), params.prefix)


def _base_quality(
    attempt: Attempt, contigs: Sequence[Contig], path: Path, trimmed: Trimmed, depth: float
) -> BaseQuality:
    """What the reads say of every base."""
    consensus, depths = map_back(attempt, path, trimmed.pairs, depth)
    with consensus.open(encoding="ascii") as bases, depths.open(encoding="ascii") as deep:
        found = judge(contigs, read_consensus(bases), read_depths(deep))
    attempt.log(f"quality of the bases: {found.as_dict()}")
    return found


def _reads_results(trimmed: Trimmed, letters: Sequence[QualityLetters]) -> dict[str, Any]:
    return {
        "before": trimmed.before.as_dict(),
        "after": trimmed.after.as_dict(),
        "depth_capped": trimmed.capped,
        "qualities": [each.told for each in letters],
    }


def _write_qa(attempt: Attempt, results: dict[str, Any]) -> Path:
    path = attempt.output_dir / "qa.json"
    path.write_text(json.dumps(results, indent=1) + "\n")
    verdict = results["qa"]
    attempt.log(f"QA: {verdict['verdict']} {', '.join(verdict['failed'])}".rstrip())
    return path
