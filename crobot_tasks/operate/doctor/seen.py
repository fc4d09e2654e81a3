"""What all subjects have in common: who answers at the broker, and how the database is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.queues import NODE_QUEUES, REPORTS
from crobot_tasks.celery import app
from db.crobot import server
from db.engine import transaction

#: workers that are up answer within this time, also busy ones: not their tasks answer, but their main processes
ANSWER_S = 2.0
#: no question may take longer, so that the database is not burdened by being looked at
TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Seen:
    """Who answers at the broker."""

    #: whether they were asked: the broker is there
    asked: bool = False
    #: worker → the queues that it reads
    workers: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def nodes(self) -> dict[str, str]:
        """Worker → the name of the node that it is."""
        return {
            worker: name.removeprefix(NODE_QUEUES)
            for worker, queues in sorted(self.workers.items())
            for name in queues
            if name.startswith(NODE_QUEUES)
        }

    @property
    def heads(self) -> list[str]:
        """Workers that read reports."""
        return sorted(worker for worker, queues in self.workers.items() if REPORTS in queues)

    def reads(self, queue: str) -> bool:
        """Whether a worker reads this queue."""
        return any(queue in queues for queues in self.workers.values())


def ask_workers() -> Seen:
    """Ask every worker which queues it reads."""
    answers = app.control.inspect(timeout=ANSWER_S).active_queues() or {}
    return Seen(
        True, {worker: frozenset(one["name"] for one in queues) for worker, queues in answers.items()}
    )


@contextmanager
def looking() -> Iterator[Any]:
    """Open a transaction that changes nothing and takes no long time."""
    with transaction() as session:
        server.only_read(session, TIMEOUT_S)
        yield session
