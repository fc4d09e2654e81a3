"""refMasker: reference → GFF of the stretches in which no SNP is believed: repeats and low complexity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool
from workers.pipelines.nomenclature import BLASTN
from workers.snp.inputs import check_fasta, file_bytes, input_text, read_fasta, write_numbered
from workers.snp.intervals import Interval, feature, merged, region_lines
from workers.snp.repeats import MIN_IDENTITY, OUTFMT, low_complexity, repeats

DUSTMASKER = Tool("dustmasker", "dustmasker", ("-version",), "1.0", "ncbi-blast+")
#: dustmasker's default of 20 takes short runs of two letters too, in which assemblies are right
DUST_LEVEL = 30
BASE_MEMORY_BYTES, MEMORY_A_BYTE = 300_000_000, 60
TIME_S = 3600


class RefMasker(Pipeline):
    """Align the reference with itself, and look for low complexity."""

    name = "refMasker"
    version = "1.0"
    tools = (BLASTN, DUSTMASKER)
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
        found = merged(_search(attempt, contigs))
        masked = sum(each.end - each.start for each in found)
        share = masked / sum(lengths.values())
        attempt.log(f"{len(found)} stretches, {masked} bases ({100 * share:.2f} %) are masked")
        path = attempt.output_dir / "mask.gff"
        lines = [
            feature(each.contig, "repeat_region", each.start, each.end, f"kind={each.kind}") for each in found
        ]
        path.write_text("".join(f"{line}\n" for line in [*region_lines(lengths), *lines]), encoding="ascii")
        return Outcome({"regions": len(found), "masked_bases": masked, "masked_share": round(share, 6)},
                       {"gff": str(path)})  # fmt: skip


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
    names = list(contigs)
    with table.open(encoding="ascii") as lines:
        found = [*repeats(lines, names)]
    with dust.open(encoding="ascii") as lines:
        return [*found, *low_complexity(lines, names)]
