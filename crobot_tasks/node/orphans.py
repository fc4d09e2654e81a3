"""(c, d) Attempts whose process is gone without a word: they are reported in its place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

from crobot_errors import OutcomeKind
from crobot_tasks.broker.formats import attempt_key
from crobot_tasks.logs.facts import of_attempt
from crobot_tasks.node.spool import Spool
from workers.oom_kills import RecentOomKills

log = logging.getLogger(__name__)


class Orphans:
    """Those of one node."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.oom_kills = RecentOomKills()
        #: attempts at work on disk that Celery did not know at the last heartbeat
        self._suspects: set[str] = set()
        #: those of them whose report could not be written: a heartbeat that does not name them says the same, and
        #: needs no disk
        self.unreportable: set[str] = set()

    def end(self, active: Callable[[], Collection[str]]) -> None:
        """Report attempts that are not among Celery's active ones at two heartbeats in a row."""
        suspects = set(self.spool.at_work()) - set(active())
        self.unreportable = set()
        for attempt_id in suspects & self._suspects:
            try:
                self.spool.end(attempt_id, self.lost("it ended without a report"))
            except OSError as error:
                self.unreportable.add(attempt_id)
                known = of_attempt(*attempt_key(attempt_id))
                log.warning("no report on %s can be written: %s", attempt_id, error, extra=known)
        self._suspects = suspects

    def lost(self, message: str) -> dict[str, Any]:
        """Return the report on an attempt whose process is gone: by a stop, for want of memory, or nobody knows why."""
        if self.spool.is_stopping():
            return {"outcome": OutcomeKind.NODE_STOPPED, "message": f"the node was stopped: {message}"}
        if self.oom_kills.seen():
            killed = "when the kernel killed for want of memory"
            return {"outcome": OutcomeKind.OUT_OF_MEMORY, "message": f"{message} {killed}"}
        return {"outcome": OutcomeKind.NODE_LOST, "message": message}
