"""Projects are moved on after the commit of the step that ended: it looks at files, and others wait for the commit."""

from __future__ import annotations

import logging
from typing import Any

from crobot_tasks.celery import app
from crobot_tasks.jobs.snp.advance import advance, advance_all
from crobot_tasks.jobs.snp.state import State
from crobot_tasks.lifecycle.sending import kept_calls
from crobot_tasks.lifecycle.sending.kept_calls import KeptTask
from crobot_tasks.lifecycle.storage.mark import why_unusable
from db.engine import retrying, transaction

log = logging.getLogger(__name__)


def move_on(state: State) -> None:
    """Move a project on."""
    kept_calls.after_this(state.session, move, database=state.row.database, project_id=state.id)


def move_all_on(state: State) -> None:
    """Move all projects on that have the reference of this one."""
    ref_id = int(state.data["ref_id"])
    kept_calls.after_this(state.session, move, database=state.row.database, ref_id=ref_id)


@app.task(base=KeptTask, name="crobot.move_projects", ignore_result=True, send_events=False)
def move(call_id: str, database: str, project_id: int = 0, ref_id: int = 0) -> None:
    """Move one project on, or all with a reference; none while the storage is away, since all files seem missing."""
    if reason := why_unusable():
        log.warning("SNP projects of %s wait to be moved on: %s", database, reason)
        return

    def moved() -> None:
        with transaction(database) as session:
            if kept_calls.done(session, call_id):
                _move(session, database, project_id, ref_id)

    retrying(moved)


def _move(session: Any, database: str, project_id: int, ref_id: int) -> None:
    if ref_id:
        advance_all(session, database, ref_id)
    else:
        advance(State.locked(session, project_id))
