"""RefMaskerJob: the repeats of a reference, found once and used by every project with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sqlalchemy.orm import Session

from crobot_tasks.jobs.snp.advance import mask_key
from crobot_tasks.jobs.snp.state import State, Step
from crobot_tasks.jobs.snp.steps import SharedStepJob
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.species import lookups
from db.species.assemblies import find_assembly
from db.species.lookups import Key


class RefMaskerJob(SharedStepJob):
    """Keeps the row of the scheme ``ref_masker``."""

    step = Step.MASKER

    @classmethod
    def for_project(cls, state: State, barcodes: Sequence[str] = ()) -> Self:
        """Mask the project's reference."""
        key = mask_key(state.session, int(state.data["ref_id"]))
        path = find_assembly(state.session, str(state.data["reference"])).file_pointer
        return cls(state, inputs={"reference": path}, context={"scheme_id": key.scheme_id})

    @property
    def key(self) -> Key:
        """The row in assembly_lookup."""
        return Key(int(self.context["ref_id"]), int(self.context["scheme_id"]))

    @property
    def lookup_keys(self) -> Sequence[Key]:
        """That of the reference."""
        return (self.key,)

    @classmethod
    def parked(cls, session: Session, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) One more live job."""
        super().parked(session, jobs)
        for job_id, new in jobs:
            key = Key(int(new.context["ref_id"]), int(new.context["scheme_id"]))
            lookups.sent_each(session, {key: lookups.Latest(job_id, new.shared.version)})

    def write(self, state: State, result: dict[str, Any], outputs: Outputs) -> None:
        """Write where the mask lies."""
        results = result["results"] | {
            "file_location": str(outputs.file("gff")),
            "provenance": self.provenance(result),
        }
        lookups.completed_each(state.session, {self.key: results}, self.number, result["pipeline_version"])

    def write_failure(self, state: State, message: str) -> None:
        """Count the failure."""
        lookups.failed_each(state.session, {self.key: message}, self.number)

    def write_cancel(self, state: State) -> None:
        """One live job less."""
        lookups.cancelled_each(state.session, [self.key])


register("refMasker", RefMaskerJob)
