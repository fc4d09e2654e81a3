"""How a project stands: its row, read and written by the names that the web app knows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from sqlalchemy.orm import Session

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.webhooks import analyses
from db.engine import lock
from db.system import UserPreference, projects

TRUE = "true"


class Step(StrEnum):
    """The steps, each called as its pipeline is in ``user_preferences``; the value is the key there."""

    MASKER = "ref_masker"
    MAPPER = "ref_mapper"
    MATRIX = "ref_mapper_matrix"
    PHYLOGENY = "matrix_phylogeny"


class Tag(StrEnum):
    """How a step stands."""

    NOT_SENT = "not_sent"
    QUEUED = "queued"
    COMPLETE = "complete"


@dataclass
class State:
    """A project whose row is locked until the transaction ends."""

    session: Session
    row: UserPreference

    @classmethod
    def locked(cls, session: Session, project_id: int) -> Self:
        """Lock a project, and before it its reference, as everybody does who moves a project."""
        row = projects.find(session, project_id)
        lock_reference(session, str(row.database), int(row.data["ref_id"]))
        return cls(session, projects.locked(session, project_id))

    @property
    def id(self) -> int:
        """The analysis id."""
        return self.row.id

    @property
    def data(self) -> dict[str, Any]:
        """All that is stored; change it by `set`."""
        return self.row.data

    @property
    def live(self) -> bool:
        """Whether it still goes on."""
        return "complete" not in self.data and "failed" not in self.data

    def tag(self, step: Step) -> Tag:
        """How a step stands."""
        return Tag(self.data.get(step, Tag.NOT_SENT))

    def job_id(self, step: Step) -> int | None:
        """The latest job of a step."""
        found = self.data.get(f"{step}_id")
        return None if found is None else int(found)

    def set(self, **values: Any) -> None:
        """Write values; None takes a key away. Where that ends the project, who wants to know is told."""
        went_on = self.live
        projects.change(self.session, self.row, **values)
        if went_on and not self.live:
            analyses.ended(self.session, self.id)

    def mark(self, step: Step, tag: Tag, job_id: int | None = None) -> None:
        """Say how a step stands, and by which job."""
        values: dict[str, Any] = {step.value: tag.value}
        if job_id is not None:
            values[f"{step}_id"] = job_id
        if any(self.data.get(key) != value for key, value in values.items()):
            self.set(**values)

    def fail(self, step: Step, message: str) -> None:
        """Note which step failed, and why; `crobot project resume` goes on from there."""
        values = {step.value: Tag.NOT_SENT.value, "failed": TRUE, "failed_step": step.value, "error": message}
        self.set(**values)

    def forget_failure(self) -> None:
        """Let a failed project go on."""
        self.set(failed=None, failed_step=None, error=None)


def lock_reference(session: Session, database: str, ref_id: int) -> None:
    """Wait for everybody else who moves projects with this reference."""
    lock(session, f"snp project {database} {ref_id}")
