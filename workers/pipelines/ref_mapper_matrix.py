"""refMapper_matrix: calls of many assemblies + mask → one matrix of core SNPs, the distances, and their picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from crobot_errors import BadInput, UnusableAssembly
from workers import storage
from workers.fasta import open_text
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources
from workers.snp.call_files import StoredCalls, read_calls
from workers.snp.inputs import check_fasta, file_bytes, input_text, labels_of, others, read_fasta
from workers.snp.intervals import REPEAT_REGION, TANDEM_REPEAT, read_gff
from workers.snp.matrix import Mask, Matrix, build
from workers.snp.matrix_files import write_distances, write_fasta, write_table
from workers.snp.pictures import draw_distances
from workers.snp.shares import warnings, write_shares
from workers.trees.names import check_names

DEFAULT_THRESHOLD = 0.95
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 500_000_000, 40
TIME_S = 3600
NAMED = ("reference", "mask")


class RefMapperMatrix(Pipeline):
    """Inputs: ``reference``, ``mask`` (optional), and the calls of each assembly under its barcode.

    Parameters: ``reference_name``, its barcode; ``core_threshold``, the share of taxa that must decide a site;
    ``labels``, names for pictures by barcode; ``names``, names in files by barcode.
    """

    name = "refMapper_matrix"
    version = "1.2"
    expected_s = 10.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the reference and of the calls, which are about twenty times as large in memory."""
        size = file_bytes(input_text(self.name, job, "reference"))
        calls = sum(map(file_bytes, others(job, *NAMED).values()))
        memory = BASE_MEMORY_BYTES + MEMORY_A_BYTE * (size + calls)
        return Resources(cores=1, memory_bytes=memory, disk_bytes=100_000_000 + 5 * calls, time_s=TIME_S)

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check parameters, and that the files are there."""
        _params(job)
        labels_of(job)
        check_names(job.params.get("names", {}))
        check_fasta(input_text(self.name, job, "reference"), roots)
        assemblies = others(job, *NAMED)
        if not assemblies:
            raise BadInput("refMapper_matrix needs the calls of at least one assembly")
        for name in assemblies | ({"mask": ""} if "mask" in job.inputs else {}):
            storage.checked_file(input_text(self.name, job, name), roots)

    def run(self, attempt: Attempt) -> Outcome:
        """Read, build, write, draw."""
        name, threshold = _params(attempt.job)
        contigs = read_fasta(attempt.input_file(input_text(self.name, attempt.job, "reference")))
        try:
            matrix = build((name, contigs), _calls(attempt), _mask(attempt), threshold)
        except BadInput as error:
            raise UnusableAssembly(str(error)) from error
        attempt.log(
            f"{len(matrix.taxa)} taxa, {len(matrix.sites)} SNPs in {matrix.core} core sites; "
            f"{matrix.masked} bases masked, {matrix.not_core} SNPs at sites that too few taxa decide"
        )
        labels = labels_of(attempt.job)
        found = warnings({labels.get(taxon, taxon): share for taxon, share in matrix.shares.items()})
        for warning in found:
            attempt.log(f"warning: {warning}")
        names = check_names(attempt.job.params.get("names", {}))
        results = _results(matrix, threshold) | {"warnings": found}
        return Outcome(results, _write(attempt.output_dir, matrix, labels, names))


def _params(job: JobInput) -> tuple[str, float]:
    name, threshold = job.params.get("reference_name"), job.params.get("core_threshold", DEFAULT_THRESHOLD)
    if not isinstance(name, str) or not name or name in others(job, *NAMED):
        raise BadInput(
            f"refMapper_matrix needs the parameter reference_name, a name of its own, not {name!r}"
        )
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold <= 1:
        raise BadInput(f"the core_threshold {threshold!r} must lie above 0 and be at most 1")
    return name, float(threshold)


def _calls(attempt: Attempt) -> Iterator[tuple[str, StoredCalls]]:
    for barcode, text in others(attempt.job, *NAMED).items():
        yield barcode, read_calls(attempt.input_file(text))


def _mask(attempt: Attempt) -> Mask:
    if "mask" not in attempt.job.inputs:
        return Mask()
    path = attempt.input_file(attempt.job.inputs["mask"])
    with open_text(path) as text:
        _, features = read_gff(text, path)
    everything, arrays = (
        [(each.contig, each.start, each.end) for each in features if each.kind == kind]
        for kind in (REPEAT_REGION, TANDEM_REPEAT)
    )
    return Mask(everything, arrays)


def _results(matrix: Matrix, threshold: float) -> dict[str, Any]:
    return {
        "taxa": len(matrix.taxa),
        "snps": len(matrix.sites),
        "core_sites": matrix.core,
        "core_threshold": threshold,
        "constant": dict(matrix.constant),
        "masked_bases": matrix.masked,
        "snps_not_core": matrix.not_core,
        "core_share": round(matrix.core / max(matrix.genome.size, 1), 5),
        "snp_count": matrix.snp_counts(),
        "shares": {taxon: share.as_dict() for taxon, share in matrix.shares.items()},
    }


def _write(
    directory: Path, matrix: Matrix, labels: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    names = {taxon: given.get(taxon, taxon) for taxon in matrix.taxa}
    in_files = [*names.values()]
    distances = matrix.distances()
    svg, png = directory / "distances.svg", directory / "distances.png"
    draw_distances([labels.get(taxon, taxon) for taxon in matrix.taxa], distances, svg=svg, png=png)
    paths = {
        "snp_fasta": write_fasta(directory / "snps.fasta", matrix, in_files),
        "matrix": write_table(directory / "snps.aln.matrix.gz", matrix, in_files),
        "distances": write_distances(directory / "distances.tsv", in_files, distances),
        "shares": write_shares(directory / "shares.tsv", matrix.shares, names),
        "distances_svg": svg,
        "distances_png": png,
    }
    return {name: str(path) for name, path in paths.items()}
