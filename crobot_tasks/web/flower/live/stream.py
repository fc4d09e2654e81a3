"""One page that is open somewhere: what it follows, and whether it has become old."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

from crobot_tasks.web.flower.live.looking import Found
from crobot_tasks.web.flower.live.seen import Seen, Stands, digest
from crobot_tasks.web.flower.live.topics import Topic

#: names of events: the page is old; the database is away; nothing has happened, and the connection lives
CHANGED, AWAY, BEAT = "changed", "away", "beat"
#: no event: the page was closed
CLOSED = ""


class Stream:
    """What is to be told to one page; it belongs to the thread of the loop."""

    def __init__(self, topics: Collection[Topic], seen: Seen | None) -> None:
        self.topics = frozenset(topics)
        #: what the page saw; None: nobody knows
        self.seen = seen
        self.is_new = True
        self._word = CLOSED
        self._has_word = asyncio.Event()

    def tell(self, word: str) -> None:
        """Have an event sent; of those that were not sent yet only the last one counts."""
        self._word = word
        self._has_word.set()

    def hear(self, found: Found, stands: Stands) -> None:
        """Tell the page if it has become old by what was found."""
        now = Seen(found.position, digest(self.topics, stands))
        if self._is_old(found, now):
            self.tell(CHANGED)
        self.seen, self.is_new = now, False

    def _is_old(self, found: Found, now: Seen) -> bool:
        if self.seen is None or self.seen.digest != now.digest:
            return True
        jobs: Collection[Any] | None = found.since(self.seen.position) if self.is_new else found.news
        topics = [topic for topic in self.topics if topic.is_of_jobs]
        return bool(topics) and (jobs is None or any(one.concerns(job) for job in jobs for one in topics))

    async def next(self, timeout_s: float) -> str:
        """Return the next event; `BEAT` if there is none for so many seconds."""
        try:
            await asyncio.wait_for(self._has_word.wait(), timeout_s)
        except TimeoutError:
            return BEAT
        self._has_word.clear()
        return self._word
