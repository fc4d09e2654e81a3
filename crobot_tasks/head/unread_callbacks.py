"""Whether plain tasks wait for a worker that nobody has started: `crobot status` says so."""

from __future__ import annotations

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.queues import CALLBACKS, waiting_in
from crobot_tasks.celery import app
from db.crobot import overview
from db.engine import transaction


@app.task(name="crobot.unread_callbacks", ignore_result=True, send_events=False)
def note_unread_callbacks() -> None:
    """Note how many messages lie in the queue of plain tasks, if no worker reads it."""
    with app.connection_or_acquire() as connection:
        unread = waiting_in(CALLBACKS, connection.default_channel)
    if unread and _is_read():
        unread = 0
    with transaction() as session:
        overview.note_unread_callbacks(session, unread)


def _is_read() -> bool:
    """Whether a worker, a busy one too, says that it reads the queue."""
    answers = app.control.inspect().active_queues() or {}
    return any(queue["name"] == CALLBACKS for queues in answers.values() for queue in queues)
