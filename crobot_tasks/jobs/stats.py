"""AssemblyStatsJob: statistics and the whole QA of an assembly that is there already, and what follows on a pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from crobot_tasks.jobs.assembly import failed_measures, top_species
from crobot_tasks.jobs.following import send_following
from crobot_tasks.jobs.generic import GenericJob
from crobot_tasks.lifecycle.job_types import register_schemes
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.engine import transaction
from db.known_species import find_species
from db.species import Assembly
from db.species.assemblies import find_assembly, judge_assembly
from db.species.schemes import find_scheme

SCHEME = "assembly_stats"


class AssemblyStatsJob(GenericJob):
    """Judges an assembly again, with the species check; one that passes gets all schemes that it never had."""

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Write statistics and verdict; if it passes the QA, have what follows sent."""
        super().process_job(session, result, outputs)
        qa = result["results"]["qa"]
        passed = qa["verdict"] == "pass"
        judge_assembly(
            session,
            find_assembly(session, self.assembly_barcode),
            passed=passed,
            top_species=top_species(find_species(session, self.database), qa),
            stats=result["results"],
            user_id=self.user_id,
        )
        if not passed:
            return f"failed QA: {failed_measures(qa)}"
        send_following(session, self, self.assembly_barcode, Path(self.assembly_filepointer))
        return None


def send_statistics(database: str, assembly: Assembly, **request: Any) -> int:
    """Send the job for an assembly; return its number."""
    with transaction(database) as session:
        return AssemblyStatsJob(
            scheme=find_scheme(session, SCHEME),
            database=database,
            assembly_barcode=str(assembly.barcode),
            assembly_filepointer=assembly.file_pointer,
            **request,
        ).send_job()


register_schemes(SCHEME, AssemblyStatsJob)
