"""refMapper: one reference and many assemblies → for each the SNPs, and where the reference is not decided by it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crobot_errors import BadInput, UnusableAssembly
from workers import storage
from workers.assembling.base_quality import read_bedgraph
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources
from workers.run_lengths import Array
from workers.short_reads.remap import MINIMAP2
from workers.snp.call_files import write_calls
from workers.snp.calls import Calls, Verdict, call
from workers.snp.genome import Genome
from workers.snp.inputs import check_fasta, file_bytes, input_text, others, read_fasta, write_numbered
from workers.snp.paf import parse_paf

#: before an assembly's name: the quality of its bases
QUALITY = "quality:"
#: up to 10 % divergence; for closer genomes made, asm5 leaves off the ends of contigs sooner
PRESET = "asm10"
#: an assembly that decides less of the reference is of another species, or hardly there
MIN_CALLED = 0.5
CORES = 2
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 500_000_000, 100
BASE_TIME_S, TIME_S_EACH = 1800, 120
#: seconds of one assembly on two cores
TYPICAL_S = 5.0


class RefMapper(Pipeline):
    """Align each assembly with the reference, and judge every base.

    Inputs: ``reference``, each assembly under its barcode, and where it is known the quality of its bases, as QAssembly
    writes it, under ``quality:<barcode>``. One that cannot be used does not stop the others.
    """

    name = "refMapper"
    version = "1.2"
    tools = (MINIMAP2,)
    expected_s = 30.0

    def resources(self, job: JobInput) -> Resources:
        """By the largest file and the number of assemblies."""
        assemblies = _assemblies(job)
        size = max(map(file_bytes, job.inputs.values()), default=0)
        return Resources(
            cores=CORES,
            memory_bytes=BASE_MEMORY_BYTES + MEMORY_A_BYTE * size,
            disk_bytes=200_000_000 + 10 * size + 2_000_000 * len(assemblies),
            time_s=BASE_TIME_S + TIME_S_EACH * len(assemblies),
        )

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the beginning of every file."""
        check_fasta(input_text(self.name, job, "reference"), roots)
        assemblies = _assemblies(job)
        if not assemblies:
            raise BadInput("refMapper needs at least one assembly beside the reference")
        for name in assemblies:
            check_fasta(input_text(self.name, job, name), roots)
        for name in job.inputs.keys() - assemblies.keys() - {"reference"}:
            if name.removeprefix(QUALITY) not in assemblies:
                raise BadInput(f"refMapper got {name!r}, but not the assembly of which that is")
            storage.checked_file(input_text(self.name, job, name), roots)

    def run(self, attempt: Attempt) -> Outcome:
        """Index the reference once, then one assembly after the other, each on all cores."""
        contigs = read_fasta(attempt.input_file(input_text(self.name, attempt.job, "reference")))
        genome = Genome({name: len(sequence) for name, sequence in contigs.items()})
        reference = write_numbered(attempt.scratch_dir / "reference.fasta", contigs)
        results: dict[str, Any] = {}
        outputs: dict[str, str] = {}
        assemblies = _assemblies(attempt.job)
        for barcode, text in assemblies.items():
            attempt.tell(current=len(results), total=len(assemblies), assembly=barcode)
            path = attempt.input_file(text)
            try:
                calls = _mapped(attempt, reference, genome, barcode, path)
            except UnusableAssembly as error:
                results[barcode] = {"error": error.message}
                attempt.log(f"{barcode}: {error.message}")
                continue
            results[barcode] = _summary(calls)
            attempt.log(f"{barcode}: {results[barcode]}")
            outputs[barcode] = str(_write(attempt, barcode, calls))
        return Outcome({"assemblies": results}, outputs)


def _assemblies(job: JobInput) -> dict[str, str]:
    """The assemblies by name."""
    return {name: text for name, text in others(job, "reference").items() if not name.startswith(QUALITY)}


def _quality(attempt: Attempt, barcode: str, contigs: Mapping[str, str]) -> dict[str, Array] | None:
    """The quality of an assembly's bases, if that was sent.

    Raises: UnusableAssembly if it does not belong to it.
    """
    if QUALITY + barcode not in attempt.job.inputs:
        return None
    path = attempt.input_file(attempt.job.inputs[QUALITY + barcode])
    try:
        return read_bedgraph(path, {name: len(sequence) for name, sequence in contigs.items()})
    except BadInput as error:
        raise UnusableAssembly(str(error)) from error


def _mapped(attempt: Attempt, reference: Path, genome: Genome, barcode: str, path: Path) -> Calls:
    """Align and judge.

    Raises: UnusableAssembly if it is too far from the reference.
    """
    contigs = read_fasta(path)
    qualities = _quality(attempt, barcode, contigs)
    query = write_numbered(attempt.scratch_dir / "assembly.fasta", contigs)
    table = attempt.scratch_dir / "assembly.paf"
    threads = ["-t", str(attempt.resources.cores)]
    options = ["-c", "-x", PRESET, "--cs", "--secondary=no", *threads]
    attempt.run_tool(MINIMAP2, [*options, reference, query], stdout=table)
    references, names = list(genome.lengths), list(contigs)
    with table.open(encoding="ascii") as lines:
        found = [
            replace(each, reference=references[int(each.reference)], contig=names[int(each.contig)])
            for each in parse_paf(lines)
        ]
    calls = call(found, genome, qualities)
    if calls.called_share < MIN_CALLED:
        raise UnusableAssembly(
            f"{path}: only {100 * calls.called_share:.1f} % of the reference can be decided by it "
            f"({100 * MIN_CALLED:.0f} % are needed): another species, or a fragment? Leave it out, or choose a "
            "reference that is closer"
        )
    return calls


def _write(attempt: Attempt, barcode: str, calls: Calls) -> Path:
    return write_calls(attempt.output_dir / f"{barcode}.gff.gz", calls, {"assembly": barcode})


def _summary(calls: Calls) -> dict[str, Any]:
    passed = sum(snp.verdict is Verdict.CALLED for snp in calls.snps)
    return {
        "snps": passed,
        "snps_filtered": len(calls.snps) - passed,
        "called_share": round(calls.called_share, 5),
        "left_out": calls.left_out,
        "low_quality_bases": int((calls.verdicts == Verdict.LOW_QUALITY).sum()),
        "by_reads": calls.doubtful is not None,
    }
