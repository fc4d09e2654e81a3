"""Whether there is what an operator names: a job, a pipeline, a species."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import UnknownJob
from db.crobot import control
from db.crobot.selection import Selection
from db.engine import transaction
from db.known_species import find_species

#: what knows the pipelines; loaded by name, when a name comes up that no job ever had, since it loads Celery with it
TASKS = "crobot_tasks.tasks"


def check(selection: Selection) -> None:
    """Make sure that what the selection names exists.

    Raises:
        UnknownJob, UnknownPipeline, UnknownSpecies: it does not; the message names what does.
    """
    with transaction() as session:
        if unknown := control.unknown_ids(session, selection.ids or ()):
            raise UnknownJob(f"there is no job {', '.join(map(str, unknown))}; `crobot jobs` lists them")
        if selection.pipeline is not None:
            check_pipeline(session, selection.pipeline)
        if selection.database is not None:
            find_species(session, selection.database)


def check_pipeline(session: Any, name: str) -> None:
    """Make sure that there is such a pipeline, or was when a job of it was sent.

    Raises:
        UnknownPipeline: there is none; the message names those that exist.
    """
    if not control.ever_sent(session, name):
        import_module(TASKS).job_task(name)
