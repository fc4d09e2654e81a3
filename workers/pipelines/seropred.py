"""SeroPred: assembly → serovar of a Salmonella (SISTR), O:H type of an Escherichia or Shigella (ECTyper)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crobot_errors import BadInput
from workers.assembling.prepared import Prepared
from workers.pipelines.base import Attempt, JobInput, Outcome, Resources, Tool
from workers.pipelines.on_assembly import OnAssembly
from workers.serotyping import ectyper, sistr
from workers.serotyping.serotype import Serotype

CORES = 2
#: measured: 420 MB at 4.8 Mb
MEMORY_BYTES, MEMORY_A_BYTE = 1_000_000_000, 50
DISK_BYTES, DISK_A_BYTE = 300_000_000, 10
TIME_S = 3600

METHODS: dict[str, Callable[[Attempt, Prepared], Serotype]] = {
    "Salmonella": sistr.serotype,
    "Escherichia": ectyper.serotype,
    "Shigella": ectyper.serotype,
}


class SeroPred(OnAssembly):
    """The antigens that the genome codes for; every result has the same keys, None where there is nothing to say."""

    name = "SeroPred"
    version = "1.0"
    tools = (sistr.SISTR, sistr.MAFFT, ectyper.BLASTN, ectyper.MASH)
    expected_s = 15.0

    def resources(self, job: JobInput) -> Resources:
        """By the size of the assembly."""
        size = self.size_bytes(job)
        memory, disk = MEMORY_BYTES + MEMORY_A_BYTE * size, DISK_BYTES + DISK_A_BYTE * size
        return Resources(cores=CORES, memory_bytes=memory, disk_bytes=disk, time_s=TIME_S)

    def needs(self, job: JobInput) -> tuple[Tool, ...]:
        """What the genus takes."""
        return self.tools[:2] if job.params.get("genus") == "Salmonella" else self.tools[2:]

    def check_params(self, params: dict[str, Any]) -> None:
        """Check that something is known of the genus' serotypes."""
        super().check_params(params)
        if params.get("genus") not in METHODS:
            raise BadInput(
                f"{self.name} knows no serotypes of the genus {params.get('genus')!r}: only of {', '.join(METHODS)}"
            )

    def run_on(self, attempt: Attempt, assembly: Prepared) -> Outcome:
        """Let the genus' method decide."""
        found = METHODS[attempt.job.params["genus"]](attempt, assembly)
        attempt.log(f"{found.serovar or 'no serovar'}, QC {found.qc.status}")
        return Outcome(found.as_dict())
