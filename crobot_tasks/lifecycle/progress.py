"""(c) What bodies say of how far they are is noted, and told to whoever waits for them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from crobot_tasks.broker.formats import AttemptKey
from crobot_tasks.broker.progress import Progress
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.settling.result_backend import ResultStore
from db.crobot import progress
from db.engine import retrying, transaction

log = logging.getLogger(__name__)


def tell_progress(node: str, told: Mapping[AttemptKey, Progress]) -> None:
    """Note it for the live attempts of this node, and tell whoever waits (``.get(on_message=…)``) what is new."""
    rows = [
        {"job_id": job_id, "number": number, **vars(one)} for (job_id, number), one in sorted(told.items())
    ]

    def note() -> Sequence[Any]:
        with transaction() as session:
            news = progress.note(session, node, rows)
            return progress.awaited(session, news) if news else []

    store, rows_of_news = app.backend, retrying(note)
    if isinstance(store, ResultStore):
        try:
            store.wake(rows_of_news)
        except UNREACHABLE as error:
            log.warning("nobody can be told of progress: %s", error)
