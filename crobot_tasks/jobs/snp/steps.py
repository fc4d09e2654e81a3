"""The jobs of a project's own steps: the matrix and the tree; and what all steps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from sqlalchemy.orm import Session

from crobot_tasks.jobs.base import CRobotJob
from crobot_tasks.jobs.snp.advance import PIPELINES, file_of, mask_key, pair_keys
from crobot_tasks.jobs.snp.moving import move_all_on, move_on
from crobot_tasks.jobs.snp.state import TRUE, State, Step, Tag
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.job_types import register
from crobot_tasks.lifecycle.storage.outputs import Outputs
from db.species import assemblies, lookups


class StepJob(CRobotJob):
    """A step of an SNP project; its tag is ``snp_project:<analysis id>``."""

    immutable = True
    step: ClassVar[Step]

    def __init__(self, state: State, *, context: dict[str, Any] | None = None, **more: Any) -> None:
        pipeline = PIPELINES[self.step]
        context = {"project_id": state.id, "ref_id": int(state.data["ref_id"])} | (context or {})
        super().__init__(
            pipeline=pipeline,
            type=pipeline,
            tag=f"{state.row.type}:{state.id}",
            database=str(state.row.database),
            user_id=state.row.user_id,
            context=context,
            **state.data.get("request", {}),
            **more,
        )

    @classmethod
    def for_project(cls, state: State, barcodes: Sequence[str] = ()) -> Self:
        """Build the job that the project needs now; ``barcodes`` are the assemblies that it is for, if not all."""
        return cls(state)

    @property
    def project_id(self) -> int:
        """The analysis id of the project that sent it; others may use its result."""
        return int(self.context["project_id"])

    @classmethod
    def parked(cls, session: Session, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) Note the job in its project: also one that an operator has sent again."""
        super().parked(session, jobs)
        for job_id, new in jobs:
            state = State.locked(session, int(new.context["project_id"]))
            cls.reopen(state)
            state.mark(cls.step, Tag.QUEUED, job_id)

    @classmethod
    def reopen(cls, state: State) -> None:
        """Let a project that was over go on, since a step of its own is done again."""
        if not state.live:
            state.forget_failure()
            later = {Step.PHYLOGENY.value: Tag.NOT_SENT.value} if cls.step is Step.MATRIX else {}
            state.set(complete=None, **later)

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Write the results, and move on every project that needs them."""
        super().process_job(session, result, outputs)
        state = State.locked(session, self.project_id)
        self.write(state, result, outputs)
        if state.data.get("failed_step") == self.step:
            state.forget_failure()
        message = self.flaw(state, result)
        if message:
            state.fail(self.step, message)
        self.move_on(state)
        return message

    def process_failure(self, session: Session, message: str) -> None:
        """(d) The project fails with its job; others that waited for the same try for themselves."""
        super().process_failure(session, message)
        state = State.locked(session, self.project_id)
        self.write_failure(state, message)
        self._fail(state, f"failed: {message}")
        self.move_on(state)

    @classmethod
    def process_cancels(cls, session: Session, cancelled: Sequence[Self]) -> None:
        """(d) Nobody wants these steps any more, so their projects end."""
        super().process_cancels(session, cancelled)
        ended = sorted(cancelled, key=lambda one: (one.context["ref_id"], one.project_id))
        states = [State.locked(session, job.project_id) for job in ended]
        for job, state in zip(ended, states, strict=True):
            job.write_cancel(state)
            job._fail(state, "was cancelled")
            job.move_on(state)

    def _fail(self, state: State, message: str) -> None:
        if state.live and state.job_id(self.step) == self.job_id:
            state.fail(self.step, f"job {self.number} {message}")

    def write(self, state: State, result: dict[str, Any], outputs: Outputs) -> None:
        """Write what the job found."""

    def flaw(self, state: State, result: dict[str, Any]) -> str | None:
        """Say why the project cannot go on with this result, if so."""
        return None

    def write_failure(self, state: State, message: str) -> None:
        """Note the failure where the results would be."""

    def write_cancel(self, state: State) -> None:
        """Note the cancel where the results would be."""

    def move_on(self, state: State) -> None:
        """Move on who needs the result: the project itself."""
        move_on(state)


class SharedStepJob(StepJob):
    """A step whose result every project with the same reference uses."""

    @classmethod
    def reopen(cls, state: State) -> None:
        """Leave a project alone that is over: its result serves others, too."""

    def move_on(self, state: State) -> None:
        """Move on all that may have waited for it."""
        move_all_on(state)


class MatrixJob(StepJob):
    """The calls of all assemblies → one matrix."""

    step = Step.MATRIX

    @property
    def unique_key(self) -> str:
        """One a project."""
        return f"{self.database}/{self.type}/{self.tag}"

    @classmethod
    def for_project(cls, state: State, barcodes: Sequence[str] = ()) -> Self:
        """Take the mask and the calls as they are now."""
        session, keys = state.session, pair_keys(state)
        mask = mask_key(session, int(state.data["ref_id"]))
        found = lookups.find_each(session, [mask, *keys.values()])
        reference = str(state.data["reference"])
        inputs = {code: file_of(found[key]) for code, key in keys.items()}
        inputs |= {
            "reference": assemblies.find_assembly(session, reference).file_pointer,
            "mask": file_of(found[mask]),
        }
        # projects of before have no names of files: theirs have barcodes
        names = state.data.get("names", {})
        own = {"reference_name": reference, "labels": state.data["labels"], "names": names}
        return cls(state, inputs=inputs, params=own | state.data.get("params", {}))

    def write(self, state: State, result: dict[str, Any], outputs: Outputs) -> None:
        """Write files and counts into the project."""
        found = result["results"]
        numbers = {code: int(one) for code, one in state.data["barcodes"].items()}
        state.mark(self.step, Tag.COMPLETE, self.number)
        state.set(
            matrix=str(outputs.file("matrix")),
            snp_fasta=str(outputs.file("snp_fasta")),
            data_file=str(outputs.file("distances")),
            distances_svg=str(outputs.file("distances_svg")),
            distances_png=str(outputs.file("distances_png")),
            snp_count={str(one): found["snp_count"][code] for code, one in numbers.items()},
            snps=found["snps"],
            core_sites=found["core_sites"],
            **_shares(found, outputs),
            constant=found["constant"],
            matrix_provenance=self.provenance(result),
        )


def _shares(found: dict[str, Any], outputs: Outputs) -> dict[str, Any]:
    """How much of the reference is used; a job that began before the upgrade to refMapper_matrix 1.2 does not say."""
    if "shares" not in found:
        return {}
    said = {name: found[name] for name in ("core_share", "shares", "warnings")}
    return said | {"shares_file": str(outputs.file("shares"))}


class PhylogenyJob(StepJob):
    """The matrix → a rooted tree: the project is complete."""

    step = Step.PHYLOGENY

    @property
    def unique_key(self) -> str:
        """One a project."""
        return f"{self.database}/{self.type}/{self.tag}"

    @classmethod
    def for_project(cls, state: State, barcodes: Sequence[str] = ()) -> Self:
        """Take the matrix as it is now."""
        names: dict[str, str] = state.data.get("names", {})
        reference, outgroup = str(state.data["reference"]), state.data.get("outgroup")
        labels = {names.get(code, code): label for code, label in state.data["labels"].items()}
        params = {
            "constant": state.data["constant"],
            "reference": names.get(reference, reference),
            "labels": labels,
        }
        if outgroup:
            params["outgroup"] = names.get(outgroup, outgroup)
        return cls(state, inputs={"alignment": state.data["snp_fasta"]}, params=params)

    def write(self, state: State, result: dict[str, Any], outputs: Outputs) -> None:
        """Write the tree into the project."""
        state.mark(self.step, Tag.COMPLETE, self.number)
        state.set(
            raxml_tree=str(outputs.file("tree")),
            tree_svg=str(outputs.file("tree_svg")),
            tree_png=str(outputs.file("tree_png")),
            tree_provenance=self.provenance(result),
            complete=TRUE,
            failed=None,
            failed_step=None,
            error=None,
        )


register("refMapper_matrix", MatrixJob)
register("matrix_phylogeny", PhylogenyJob)
