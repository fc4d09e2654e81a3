"""prokka_annotation: assembly → its genes by prokka, as GFF and GenBank files, and how many there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workers.annotating import prokka
from workers.assembling.prepared import Prepared
from workers.pipelines.base import Attempt, JobInput, Outcome, Resources
from workers.pipelines.on_assembly import OnAssembly

CORES = 2
#: measured: 180 MB at 4.8 Mb, most of it GNU parallel's and BLAST's
MEMORY_BYTES, MEMORY_A_BYTE = 800_000_000, 50
#: prokka writes the sequence a dozen times
DISK_BYTES, DISK_A_BYTE = 200_000_000, 20
BASE_TIME_S, TIME_S_A_MB = 1800, 600


class ProkkaAnnotation(OnAssembly):
    """Genes, tRNA and rRNA; locus tags begin with the assembly's barcode, contigs have the names of the assembly."""

    name = "prokka_annotation"
    version = "1.1"
    tools = (prokka.PROKKA, prokka.BARRNAP)
    expected_s = 150.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the assembly."""
        size = self.size_bytes(job)
        return Resources(
            cores=CORES,
            memory_bytes=MEMORY_BYTES + MEMORY_A_BYTE * size,
            disk_bytes=DISK_BYTES + DISK_A_BYTE * size,
            time_s=BASE_TIME_S + TIME_S_A_MB * size // 10**6,
        )

    def run_on(self, attempt: Attempt, assembly: Prepared) -> Outcome:
        """Annotate, count, give the contigs their names back."""
        params = attempt.job.params
        prefix = params["prefix"]
        tag = prokka.locus_tag(prefix)
        organism = prokka.Organism(*(str(params.get(name, "")) for name in ("genus", "species", "strain")))
        folder, proteins = prokka.annotate(attempt, assembly.path, tag, organism)
        gff, gbk = (attempt.output_dir / f"{prefix}.{kind}" for kind in ("gff", "gbk"))
        counts = prokka.rename(folder / f"{tag}.gff", gff, assembly.names)
        gbk.write_bytes((folder / f"{tag}.gbk").read_bytes())
        attempt.log(", ".join(f"{count} {name}" for name, count in counts.items()))
        results: dict[str, Any] = {"counts": counts, "locus_tag": tag, "proteins": proteins}
        return Outcome(results, _paths(gff=gff, gbk=gbk))


def _paths(**files: Path) -> dict[str, str]:
    return {name: str(path) for name, path in files.items()}
