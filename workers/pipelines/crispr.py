"""CRISPR: assembly → arrays of repeats and spacers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from workers.annotating.crispr import arrays
from workers.assembling.prepared import Prepared
from workers.pipelines.base import Attempt, JobInput, Outcome, Resources
from workers.pipelines.on_assembly import OnAssembly

#: measured: 270 MB at 5.5 Mb, of which the worker itself has 60 MB
MEMORY_BYTES, MEMORY_A_BYTE = 150_000_000, 60
DISK_BYTES, DISK_A_BYTE = 50_000_000, 2
TIME_S = 1800


class Crispr(OnAssembly):
    """Every array with its place, the repeat's consensus and the spacers in their order."""

    name = "CRISPR"
    version = "2.0"
    expected_s = 2.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the assembly."""
        size = self.size_bytes(job)
        memory, disk = MEMORY_BYTES + MEMORY_A_BYTE * size, DISK_BYTES + DISK_A_BYTE * size
        return Resources(cores=1, memory_bytes=memory, disk_bytes=disk, time_s=TIME_S)

    def run_on(self, attempt: Attempt, assembly: Prepared) -> Outcome:
        """Search all contigs."""
        found = arrays({each.name: each.sequence for each in assembly.contigs})
        listed = [asdict(each) | {"contig": assembly.name_of(each.contig)} for each in found]
        results: dict[str, Any] = {
            "array_count": len(found),
            "spacer_count": sum(len(each.spacers) for each in found),
            "arrays": listed,
        }
        attempt.log(f"{results['array_count']} arrays with {results['spacer_count']} spacers")
        return Outcome(results)
