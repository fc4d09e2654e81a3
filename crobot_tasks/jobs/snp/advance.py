"""What moves a project on: it asks what is there, and sends what comes next, in one transaction.

A project asks only what is there, never who made it: pairs and masks that are complete are used, those of a live
job are waited for, and the rest is sent. So two projects that begin at the same moment share what they have in
common, and each goes on when the last of what it needs is there, whoever sent it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from crobot_errors import CRobotError
from crobot_tasks.jobs.base import CRobotJob
from crobot_tasks.jobs.snp.state import State, Step, Tag
from crobot_tasks.lifecycle.job_types import job_class
from crobot_tasks.lifecycle.storage.access import is_file
from crobot_tasks.tasks import job_task
from db.engine import database_of, in_savepoint
from db.species import AssemblyLookup, LookupStatus, lookups
from db.species.lookups import Key
from db.species.schemes import find_scheme
from db.system import projects

log = logging.getLogger(__name__)

#: step → the pipeline that does it, which is also the type of its jobs
PIPELINES = {
    Step.MASKER: "refMasker",
    Step.MAPPER: "refMapper",
    Step.MATRIX: "refMapper_matrix",
    Step.PHYLOGENY: "matrix_phylogeny",
}
#: step → the keys of its file, and of how that was made
MADE = {
    Step.MATRIX: ("matrix", "matrix_provenance"),
    Step.PHYLOGENY: ("raxml_tree", "tree_provenance"),
}


def advance_all(session: Session, database: str, ref_id: int) -> None:
    """Move every project on that may have waited for something of this reference."""
    for project_id in projects.of_reference(session, database, ref_id):
        advance(State.locked(session, project_id))


def advance(state: State) -> None:
    """Send what a project needs next; what cannot be sent ends the project, with the reason."""
    if not state.live:
        return
    if state.tag(Step.MATRIX) is Tag.NOT_SENT:
        ready = [_masked(state), _mapped(state)]
        if all(ready) and state.live:
            _send(state, Step.MATRIX)
    elif state.tag(Step.MATRIX) is Tag.COMPLETE and state.tag(Step.PHYLOGENY) is Tag.NOT_SENT:
        _send(state, Step.PHYLOGENY)


def _masked(state: State) -> bool:
    key = mask_key(state.session, int(state.data["ref_id"]))
    found = lookups.find_each(state.session, [key]).get(key)
    if is_usable(found, Step.MASKER):
        state.mark(Step.MASKER, Tag.COMPLETE, found.job_id if found else None)
        return True
    _wait_or_send(state, Step.MASKER, found, lambda: _send(state, Step.MASKER))
    return False


def _mapped(state: State) -> bool:
    keys = pair_keys(state)
    found = lookups.find_each(state.session, keys.values())
    unusable = {code: key for code, key in keys.items() if not is_usable(found.get(key), Step.MAPPER)}
    if not unusable:
        latest = max((row.job_id or 0 for row in found.values()), default=0)
        state.mark(Step.MAPPER, Tag.COMPLETE, state.job_id(Step.MAPPER) or latest)
        return True
    unsent = [code for code, key in unusable.items() if not is_live(found.get(key))]
    if unsent:
        _send(state, Step.MAPPER, barcodes=unsent)
    else:
        live = max(row.job_id or 0 for key, row in found.items() if key in unusable.values())
        state.mark(Step.MAPPER, Tag.QUEUED, live)
    return False


def _wait_or_send(state: State, step: Step, found: AssemblyLookup | None, send: Callable[[], object]) -> None:
    if found is not None and is_live(found):
        state.mark(step, Tag.QUEUED, found.job_id)
    else:
        send()


def is_live(row: AssemblyLookup | None) -> bool:
    """Whether a job for it is under way."""
    return row is not None and row.queued_count > 0


def is_usable(row: AssemblyLookup | None, step: Step) -> bool:
    """Whether its result is there, and of the current version of the pipeline."""
    if row is None or row.status is not LookupStatus.COMPLETE:
        return False
    path = file_of(row)
    return row.version == job_task(PIPELINES[step]).version and path is not None and is_file(path)


def is_current(state: State) -> bool:
    """Whether what a complete project was made of is there, unchanged since, and all by current versions."""
    matrix_id, session = state.job_id(Step.MATRIX), state.session
    mask, keys = mask_key(session, int(state.data["ref_id"])), pair_keys(state)
    found = lookups.find_each(session, [mask, *keys.values()])
    used = [(found.get(mask), Step.MASKER), *((found.get(key), Step.MAPPER) for key in keys.values())]
    older = all(row and is_usable(row, step) and (row.job_id or 0) < (matrix_id or 0) for row, step in used)
    return older and all(_is_by_current(state, step) for step in (Step.MATRIX, Step.PHYLOGENY))


def _is_by_current(state: State, step: Step) -> bool:
    file, provenance = MADE[step]
    version = state.data.get(provenance, {}).get("pipeline_version")
    return bool(version == job_task(PIPELINES[step]).version and is_file(state.data[file]))


def file_of(row: AssemblyLookup) -> str | None:
    """The file that a row points to: the mask of a reference, or the calls of a pair."""
    return row.results.get("file_location") or row.results.get("file_pointer")


def mask_key(session: Session, ref_id: int) -> Key:
    """The row of a reference's mask."""
    return Key(ref_id, find_scheme(session, "ref_masker").id)


def pair_keys(state: State) -> dict[str, Key]:
    """The rows of a project's assemblies against its reference, by barcode."""
    scheme_id, reference = find_scheme(state.session, "snp_calls").id, str(state.data["reference"])
    return {code: Key(int(one), scheme_id, reference) for code, one in state.data["barcodes"].items()}


def _send(state: State, step: Step, **details: Any) -> None:
    """Send the job of a step; one that is refused fails the project, and nothing else."""

    def send() -> None:
        cls: Any = job_class(PIPELINES[step])
        job: CRobotJob = cls.for_project(state, **details)
        state.mark(step, Tag.QUEUED, job.send_job())

    error = in_savepoint(state.session, send)
    if error is None:
        return
    state.session.refresh(state.row)
    if not isinstance(error, CRobotError):
        log.error("project %s of %s", state.id, database_of(state.session), exc_info=error)
    state.fail(step, f"{PIPELINES[step]} cannot be sent: {error}")
