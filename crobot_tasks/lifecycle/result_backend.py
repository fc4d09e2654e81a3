"""(e) Celery's result store in Redis or Valkey, which may forget: what its chords need is kept in the database, too."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from celery.backends.redis import RedisBackend

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.celery import app
from db.crobot import chords
from db.engine import patiently, retrying, transaction

log = logging.getLogger(__name__)

#: a key of the store with the time that the database has noted; a store that lacks it has lost data
MARK = "crobot.seen_at"
#: stands for a store that was never seen whole: any of its data may be lost
NEVER = datetime.fromtimestamp(0, UTC)


class ResultStore(RedisBackend):
    """Celery's, with a memory for chords."""

    def set_chord_size(self, group_id: str, chord_size: int) -> None:
        """Store how many results a chord waits for."""

        def keep() -> None:
            with transaction() as session:
                chords.keep(session, group_id, chord_size)

        # In a task, this is how a job's chain goes on: an error here would end the job as failed.
        (patiently if app.current_worker_task else retrying)(keep)
        super().set_chord_size(group_id, chord_size)

    def remind(self, group_id: str, chord_size: int) -> None:
        """Store it again after it was lost, and remove a claim on the answer that came back with old data."""
        super().set_chord_size(group_id, chord_size)
        self.client.delete(self.get_key_for_group(group_id, ".c"))


def remind() -> None:
    """See whether the store may have lost data (it was started again, or emptied); if so, store its chords once more.

    Results that were counted before are stored once more: Celery counts by task id, so twice is harmless, and a chord's
    body has a task id of its own, so it is sent once.
    """
    store = app.backend
    if not isinstance(store, ResultStore):
        return
    with transaction() as session:
        if not chords.only_reminder(session):
            return
        before, run = chords.last_seen(session), str(store.client.info("server").get("run_id", ""))
        if before is None or before.run != run or store.client.get(MARK) != before.at.isoformat().encode():
            _remind(session, store, before.at if before else NEVER)
        chords.forget_old(session)
        # The store comes before the commit: if only the store has it, the next look merely stores the chords once more.
        store.client.set(MARK, chords.note_seen(session, run).isoformat())


def _remind(session: Any, store: ResultStore, before: datetime) -> None:
    unanswered = chords.unanswered(session, before)
    for chord in unanswered:
        store.remind(chord.id, chord.size)
    results = chords.owe_again(session, [chord.id for chord in unanswered])
    if not unanswered:
        return
    log.warning(
        "the result store has lost its data: %s chords are stored again, with %s results",
        len(unanswered),
        results,
    )
