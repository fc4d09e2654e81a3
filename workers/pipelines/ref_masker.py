"""refMasker: reference → GFF of the stretches in which no SNP is believed: repeats, tandem arrays, low complexity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool
from workers.pipelines.nomenclature import BLASTN
from workers.snp.inputs import check_fasta, file_bytes, input_text, read_fasta, write_numbered
from workers.snp.intervals import REPEAT_REGION, TANDEM_REPEAT, Interval, feature, merged, region_lines
from workers.snp.repeats import MIN_IDENTITY, OUTFMT, TANDEM, TRF, low_complexity, repeats, tandem_arrays

DUSTMASKER = Tool("dustmasker", "dustmasker", ("-version",), "1.0", "ncbi-blast+")
TRF_TOOL = Tool("trf", "trf", ("-v",), "4.09", "trf")
#: dustmasker's default of 20 takes short runs of two letters too, in which assemblies are right
DUST_LEVEL = 30
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 300_000_000, 60
TIME_S = 3600


class RefMasker(Pipeline):
    """Align the reference with itself, and look for tandem arrays and low complexity.

    Arrays have lines of their own, since what lies in them is believed of no assembly, also of one with reads.
    """

    name = "refMasker"
    version = "1.1"
    tools = (BLASTN, DUSTMASKER, TRF_TOOL)
    expected_s = 5.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the reference."""
        size = file_bytes(input_text(self.name, job, "reference"))
        memory = BASE_MEMORY_BYTES + MEMORY_A_BYTE * size
        return Resources(cores=1, memory_bytes=memory, disk_bytes=100_000_000 + 10 * size, time_s=TIME_S)

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the reference's beginning."""
        check_fasta(input_text(self.name, job, "reference"), roots)

    def run(self, attempt: Attempt) -> Outcome:
        """Search, merge, write."""
        contigs = read_fasta(attempt.input_file(input_text(self.name, attempt.job, "reference")))
        lengths = {name: len(sequence) for name, sequence in contigs.items()}
        single = _search(attempt, contigs)
        found = merged(single)
        arrays = merged(each for each in single if each.kind == TANDEM)
        masked = sum(each.end - each.start for each in found)
        share = masked / sum(lengths.values())
        attempt.log(f"{len(found)} stretches, {masked} bases ({100 * share:.2f} %) are masked")
        path = attempt.output_dir / "mask.gff"
        lines = [
            feature(each.contig, REPEAT_REGION, each.start, each.end, f"kind={each.kind}") for each in found
        ]
        lines += [feature(each.contig, TANDEM_REPEAT, each.start, each.end, "kind=tandem") for each in arrays]
        path.write_text("".join(f"{line}\n" for line in [*region_lines(lengths), *lines]), encoding="ascii")
        results = {
            "regions": len(found),
            "masked_bases": masked,
            "masked_share": round(share, 6),
            "tandem_bases": sum(each.end - each.start for each in arrays),
        }
        return Outcome(results, {"gff": str(path)})


def _search(attempt: Attempt, contigs: dict[str, str]) -> list[Interval]:
    genome = write_numbered(attempt.scratch_dir / "reference.fasta", contigs)
    table, dust = attempt.scratch_dir / "self.tsv", attempt.scratch_dir / "dust.txt"
    # a contig that is one of many like it has that many hits, and all of them count
    hits = max(5_000, 2 * len(contigs))
    options = ["-task", "megablast", "-word_size", "28", "-evalue", "1e-5", "-dust", "no"]
    limits = ["-perc_identity", str(MIN_IDENTITY), "-max_target_seqs", str(hits), "-outfmt", OUTFMT]
    search = ["-query", str(genome), "-subject", str(genome), *options, *limits]
    attempt.run_tool(BLASTN, search, stdout=table)
    masker = ["-in", str(genome), "-outfmt", "acclist", "-level", str(DUST_LEVEL)]
    attempt.run_tool(DUSTMASKER, masker, stdout=dust)
    # it names its file by its parameters, in the folder where it runs
    attempt.run_tool(TRF_TOOL, [genome, *map(str, TRF), "-h", "-d"])
    trf = attempt.scratch_dir / ".".join((genome.name, *map(str, TRF), "dat"))
    names = list(contigs)
    with table.open(encoding="ascii") as lines:
        found = [*repeats(lines, names)]
    with trf.open(encoding="ascii") as lines:
        found += tandem_arrays(lines, names)
    with dust.open(encoding="ascii") as lines:
        return [*found, *low_complexity(lines, names)]
