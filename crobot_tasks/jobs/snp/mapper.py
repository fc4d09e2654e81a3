"""RefMapperJob: many assemblies against one reference in one job, each pair a row that every project may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from sqlalchemy.orm import Session

from crobot_tasks.jobs.snp.advance import pair_keys
from crobot_tasks.jobs.snp.state import State, Step
from crobot_tasks.jobs.snp.steps import SharedStepJob
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.species import lookups
from db.species.assemblies import find_assembly
from db.species.lookups import Key
from workers.pipelines.ref_mapper import QUALITY


class RefMapperJob(SharedStepJob):
    """Keeps the rows of the scheme ``snp_calls``, one for each assembly that it was sent for."""

    step = Step.MAPPER

    @classmethod
    def for_project(cls, state: State, barcodes: Sequence[str] = ()) -> Self:
        """Map these assemblies: those of the project whose pair is neither there nor under way."""
        keys = pair_keys(state)
        reference = str(state.data["reference"])
        mapped = {code: find_assembly(state.session, code) for code in barcodes}
        inputs = {code: one.file_pointer for code, one in mapped.items()}
        # genomes that were brought in without reads have none, nor have assemblies of before QAssembly wrote it
        qualities = {f"{QUALITY}{code}": one.stats.get("quality_pointer") for code, one in mapped.items()}
        inputs |= {name: path for name, path in qualities.items() if path}
        inputs["reference"] = find_assembly(state.session, reference).file_pointer
        pairs = {code: list(keys[code]) for code in barcodes}
        return cls(state, inputs=inputs, context={"pairs": pairs})

    @property
    def keys(self) -> dict[str, Key]:
        """Barcode → row in assembly_lookup."""
        return _keys(self.context)

    @property
    def lookup_keys(self) -> Sequence[Key]:
        """That of each pair."""
        return list(self.keys.values())

    @classmethod
    def parked(cls, session: Session, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) One more live job for each pair."""
        super().parked(session, jobs)
        for job_id, new in jobs:
            latest = lookups.Latest(job_id, new.shared.version)
            lookups.sent_each(session, dict.fromkeys(_keys(new.context).values(), latest))

    def write(self, state: State, result: dict[str, Any], outputs: Outputs) -> None:
        """Write each pair: its calls, or why there are none."""
        found: dict[str, dict[str, Any]] = result["results"]["assemblies"]
        provenance = self.provenance(result)
        checksums = provenance.get("inputs", {})
        done: dict[Key, dict[str, Any]] = {}
        errors: dict[Key, str] = {}
        for code, key in self.keys.items():
            one = found.get(code, {"error": "the pipeline says nothing of it"})
            if "error" in one:
                errors[key] = str(one["error"])
            else:
                pointer = str(outputs.file(code))
                # of the pair alone: all of them in each row would be their number squared
                paths = (self.inputs.get(name) for name in ("reference", code, QUALITY + code))
                read = {path: checksums.get(path) for path in paths if path}
                done[key] = one | {"file_pointer": pointer, "provenance": provenance | {"inputs": read}}
        lookups.lock_each(state.session, self.keys.values())
        lookups.completed_each(state.session, done, self.number, result["pipeline_version"])
        lookups.failed_each(state.session, errors, self.number)

    def flaw(self, state: State, result: dict[str, Any]) -> str | None:
        """Name the assemblies that cannot be mapped: the project's owner decides to leave them out."""
        found = result["results"]["assemblies"]
        errors = [f"{code}: {one['error']}" for code, one in sorted(found.items()) if "error" in one]
        return "; ".join(errors) or None

    def write_failure(self, state: State, message: str) -> None:
        """Count the failure of every pair."""
        lookups.failed_each(state.session, dict.fromkeys(self.keys.values(), message), self.number)

    def write_cancel(self, state: State) -> None:
        """One live job less for every pair."""
        lookups.cancelled_each(state.session, list(self.keys.values()))


def _keys(context: Mapping[str, Any]) -> dict[str, Key]:
    return {code: Key(*key) for code, key in context["pairs"].items()}


register("refMapper", RefMapperJob)
