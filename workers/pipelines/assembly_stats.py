"""assembly_stats: assembly → its statistics and the QA evaluation, as QAssembly gives them for its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crobot_errors import BadInput
from workers import storage
from workers.assembling import assembly, qa
from workers.assembling.limits import thresholds_of
from workers.assembling.prepared import Prepared
from workers.assembling.species_check import MASH, most_hashes, species_share
from workers.pipelines.base import Attempt, JobInput, Outcome, Resources
from workers.pipelines.on_assembly import OnAssembly

MEMORY_BYTES, MEMORY_A_BYTE = 300_000_000, 20
#: measured: 1.27 GB for the 4.6 million hashes of a genome in 5,000 contigs
MEMORY_A_HASH = 300
DISK_BYTES, DISK_A_BYTE = 100_000_000, 4
TIME_S = 1800


class AssemblyStats(OnAssembly):
    """Bases, contigs, N50, N, GC and the share of the species, each beside its limit."""

    name = "assembly_stats"
    version = "1.1"
    tools = (MASH,)
    expected_s = 3.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the assembly, and by the pieces it is in: each has hashes of its own."""
        size = self.size_bytes(job)
        hashes = most_hashes(Path(self.assembly(job)), size)
        memory = MEMORY_BYTES + MEMORY_A_BYTE * size + MEMORY_A_HASH * hashes
        disk = DISK_BYTES + DISK_A_BYTE * size
        return Resources(cores=1, memory_bytes=memory, disk_bytes=disk, time_s=TIME_S)

    def check_params(self, params: dict[str, Any]) -> None:
        """Check the limits, and what the references are."""
        super().check_params(params)
        thresholds_of(params)
        references = params.get("references", [])
        if not isinstance(references, list) or not all(isinstance(each, str) for each in references):
            raise BadInput(f"{self.name}: references is a list of FASTA files, not {references!r}")

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the references' paths, too."""
        super().validate(job, roots)
        for path in job.params.get("references", []):
            storage.checked_file(path, roots)

    def run_on(self, attempt: Attempt, assembly_: Prepared) -> Outcome:
        """Count, screen, judge."""
        params = attempt.job.params
        references = [attempt.input_file(path) for path in params.get("references", [])]
        counted = assembly.counted(assembly_.contigs)
        found = assembly.statistics(counted)
        share = species_share(attempt, assembly_.contigs, assembly_.path, references)
        short = len(assembly_.contigs) - len(counted)
        verdict = qa.evaluate(found, share, thresholds_of(params), short)
        attempt.log(f"QA: {verdict['verdict']} {', '.join(verdict['failed'])}".rstrip())
        return Outcome({"statistics": found.as_dict(), "qa": verdict})
