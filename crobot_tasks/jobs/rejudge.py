"""RejudgeJob: what was measured of an assembly, against the limits as they are now; no node is needed for that."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from crobot_errors import BadInput
from crobot_tasks.jobs.assembly_based import AssemblyBasedJob
from crobot_tasks.jobs.following import send_following
from crobot_tasks.jobs.judging import limits_of
from crobot_tasks.jobs.local import LocalJob
from crobot_tasks.jobs.stats import SCHEME
from db.engine import transaction
from db.known_species import find_species
from db.species import lookups
from db.species.assemblies import find_assembly, judge_assembly
from db.species.schemes import find_scheme
from workers.assembling import qa
from workers.assembling.assembly import Statistics
from workers.assembling.qa import Thresholds


class RejudgeJob(AssemblyBasedJob, LocalJob):
    """Evaluates the stored statistics of an assembly anew; one that passes now gets all schemes that it never had.

    Raises:
        UnknownSpecies, BadInput: no such species or assembly, or one without statistics.
    """

    kind: ClassVar[str] = "rejudge"

    def __init__(self, *, database: str, assembly_barcode: str, **request: Any) -> None:
        with transaction(database) as session:
            super().__init__(
                scheme=find_scheme(session, SCHEME),
                database=database,
                assembly_barcode=assembly_barcode,
                assembly_filepointer=find_assembly(session, assembly_barcode).file_pointer,
                **request,
            )

    def process_job(self, session: Session) -> None:
        """Write the verdict where the old one stands; a verdict that stays the same changes nothing."""
        assembly = find_assembly(session, self.assembly_barcode)
        before = assembly.stats
        if not {"statistics", "qa"} <= before.keys():
            raise BadInput(
                f"the assembly {self.assembly_barcode} has no statistics to be judged by: "
                f"`crobot send scheme {self.database} {SCHEME} {self.assembly_barcode}` makes them"
            )
        verdict = _judged(before, limits_of(find_species(session, self.database)))
        if verdict == before["qa"]:
            return
        passed = verdict["verdict"] == "pass"
        judge_assembly(
            session,
            assembly,
            passed=passed,
            top_species=assembly.top_species,
            stats={"qa": verdict},
            user_id=self.user_id,
        )
        lookups.amended(session, lookups.Key(**self.key), {"qa": verdict})
        if passed:
            send_following(session, self, self.assembly_barcode, Path(assembly.file_pointer))


def _judged(stats: dict[str, Any], limits: Thresholds) -> dict[str, Any]:
    """Return the verdict; the share of the species is not measured again."""
    found = stats["statistics"]
    # an older pipeline may have measured less; what has a limit, all did
    measured = Statistics(**{each.name: found.get(each.name, 0) for each in fields(Statistics)})
    percent = next((each["value"] for each in stats["qa"]["measures"] if each["measure"] == "species"), None)
    short = stats["qa"].get("short_contigs", 0)
    return qa.evaluate(measured, None if percent is None else percent / 100, limits, short)
