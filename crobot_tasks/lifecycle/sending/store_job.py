"""(a) A new job → its rows, and what its job class notes of it, in the open transaction or in one of its own."""

from __future__ import annotations

from functools import partial

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.lifecycle.calls.caller import tell_sent
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.job_types import job_class
from db.crobot import parking, webhooks
from db.crobot.parking import Parked
from db.engine import after_commit, transaction


def store(new: NewJob) -> Parked:
    """Write the job and the result that it owes, or join the live job like it."""
    with transaction(new.database if new.type else None) as session:
        if new.message:
            after_commit(partial(tell_sent, new.pipeline, new.message))
        parked = parking.park(session, new.columns())
        if isinstance(resent_from := new.context.get("resent_from"), int):
            # who waits for the old job waits for this one
            webhooks.copy(session, resent_from, parked.job_id)
        if parked.created and new.type:
            job_class(new.type, new.pipeline).parked(session, parked.job_id, new)
        return parked
