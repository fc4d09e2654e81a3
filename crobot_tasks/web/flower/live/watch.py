"""Looks at the database for all open pages, once a second, and not at all while no page is open."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from dataclasses import replace
from functools import partial

from crobot_errors import ServiceError
from crobot_tasks.web.events.followed import Position
from crobot_tasks.web.flower.live.log_sizes import LogSizes
from crobot_tasks.web.flower.live.looking import Found, Told, look
from crobot_tasks.web.flower.live.stream import AWAY, CHANGED, Stream
from crobot_tasks.web.flower.live.topics import Kind, Topic, standing
from crobot_tasks.web.flower.reading import read
from db.engine import is_away

log = logging.getLogger(__name__)

#: seconds between two looks, and between two looks at what is wrong, which takes more queries
LOOK_S, TROUBLES_S = 1.0, 10.0


_TROUBLES = Topic(Kind.TROUBLES)


class Watch:
    """All open pages of this process; it belongs to the thread of the loop."""

    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self._sizes = LogSizes()
        self._running: asyncio.Task[None] | None = None
        self._forget()

    def _forget(self) -> None:
        self._position: Position | None = None
        self._told: Told = frozenset()
        self._stands: dict[Topic, str] = {}
        self._troubles_at = float("-inf")
        self._away = False

    def add(self, stream: Stream) -> None:
        """Tell this page from now on when it has become old."""
        self.streams.add(stream)
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())

    def remove(self, stream: Stream) -> None:
        """Forget a page."""
        self.streams.discard(stream)

    async def _run(self) -> None:
        try:
            while self.streams:
                await self._look()
                await asyncio.sleep(LOOK_S)
        finally:
            self._running = None
            self._forget()

    async def _look(self) -> None:
        streams = set(self.streams)
        try:
            self._tell(streams, await self._found(streams))
        # The loop of all pages must not end by any look.
        except Exception as error:
            if not self._away and (isinstance(error, ServiceError) or is_away(error)):
                log.warning("the database is away; open pages are told when it is back: %s", error)
            elif not self._away:
                log.exception("open pages cannot be told what has changed")
            self._tell_away()

    async def _found(self, streams: set[Stream]) -> Found:
        topics = self._due(streams)
        others = [stream.seen.position for stream in streams if stream.is_new and stream.seen]
        found = await read(partial(look, last=self._position, others=others, told=self._told, topics=topics))
        return replace(found, stands=found.stands | await self._sizes.of(topics))

    def _due(self, streams: set[Stream]) -> frozenset[Topic]:
        """Return those of which it is to be read how they stand."""
        topics = _standing(streams)
        now_s = time.monotonic()
        if now_s - self._troubles_at < TROUBLES_S and not any(stream.is_new for stream in streams):
            return topics - {_TROUBLES}
        self._troubles_at = now_s
        return topics

    def _tell(self, streams: set[Stream], found: Found) -> None:
        followed = _standing(self.streams)
        known = self._stands | found.stands
        self._stands = {topic: stands for topic, stands in known.items() if topic in followed}
        for stream in streams & self.streams:
            if self._away:
                stream.tell(CHANGED)
            stream.hear(found, self._stands)
        self._position, self._told, self._away = found.position, found.told, False

    def _tell_away(self) -> None:
        """Say it once: each page then shows why, and is told when the database is back."""
        if not self._away:
            self._away = True
            for stream in self.streams:
                stream.tell(AWAY)


def _standing(streams: Collection[Stream]) -> frozenset[Topic]:
    return standing([topic for stream in streams for topic in stream.topics])
