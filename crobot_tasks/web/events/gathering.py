"""One LISTEN and one look at a time for all streams: what happens within a quarter of a second is told together."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import Executor

from sqlalchemy.exc import SQLAlchemyError

from crobot_errors import CRobotError
from crobot_tasks.web.events.documents import JobDocument
from crobot_tasks.web.events.followed import Followed, Kind, Position
from crobot_tasks.web.events.looking import News, Question, look
from crobot_tasks.web.events.room import Room, ending
from crobot_tasks.web.events.stream import Stream
from db.crobot import parking
from db.engine import is_away
from db.listener import Listener

log = logging.getLogger(__name__)

#: what happens within it is told together, seconds
GATHER_S = 0.25
#: looks that nothing asked for: not everything that changes a job wakes somebody
LOOK_S = 1.0
#: after an error
PAUSE_S = 1.0
#: a token that was revoked is noticed after so long
TOKENS_S = 3.0
_LISTEN_S = 60.0


class Gatherer:
    """All streams of this process; it belongs to the thread of the loop, except for `_hear`."""

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._rooms: dict[Followed, Room] = {}
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._position: Position | None = None
        self._tokens_at = float("-inf")
        #: jobs at work that somebody follows → their user, and how far they are, as was told last
        self._at_work: dict[int, tuple[int, str]] = {}
        #: jobs that were told, while others that began before have not ended → the transaction
        self._told: dict[int, int] = {}
        self._versions: dict[str, str] = {}
        self.streams = 0
        threading.Thread(target=self._hear, name="listen", daemon=True).start()
        self._running = self._loop.create_task(self._run())

    def add(self, stream: Stream) -> None:
        """Have a stream told where things stand, and then what happens."""
        self._rooms.setdefault(stream.followed, Room(stream.followed)).streams.add(stream)
        self.streams += 1
        self._wake.set()

    def remove(self, stream: Stream) -> None:
        """Forget a stream."""
        room = self._rooms[stream.followed]
        room.streams.discard(stream)
        self.streams -= 1
        if not room.streams:
            del self._rooms[stream.followed]

    def _hear(self) -> None:
        """Wake the loop whenever a transaction says that something may have happened; nothing rests on it."""
        with Listener(parking.CHANNEL) as listener:
            while not self._loop.is_closed():
                try:
                    heard = listener.wait(_LISTEN_S)
                # a database that nobody can reach is found by the looks, too, and they say so
                except (CRobotError, SQLAlchemyError, OSError):
                    heard = False
                    time.sleep(PAUSE_S)
                if heard and not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(self._wake.set)

    async def _run(self) -> None:
        while True:
            await self._until_woken()
            if not self._rooms:
                self._forget()
                await self._wake.wait()
            await self._look()
            await asyncio.sleep(GATHER_S)

    async def _until_woken(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_S)
        except TimeoutError:
            return

    def _forget(self) -> None:
        """Nobody follows anything: the next stream begins anew."""
        self._wake.clear()
        self._position = None
        self._at_work.clear()
        self._told.clear()
        self._versions.clear()

    async def _look(self) -> None:
        """Look once, and tell; streams stay open whatever is away, and are told later what they missed."""
        self._wake.clear()
        now_s = time.monotonic()
        question = self._question(now_s)
        known = frozenset(stream for room in self._rooms.values() for stream in room.streams)
        try:
            news = await self._loop.run_in_executor(self._threads, look, question)
            self._tell(news, now_s, known)
        # The loop of all streams must not end by any of them.
        except Exception as error:
            if is_away(error):
                log.warning("the database is away; streams are told later what happens meanwhile: %s", error)
            else:
                log.exception("nothing could be told of what has happened; the next look tells it")
            await asyncio.sleep(PAUSE_S)
            self._wake.set()

    def _question(self, now_s: float) -> Question:
        rooms = self._rooms
        resumed = {one: since for one, room in rooms.items() if (since := room.resumed())}
        tokens: frozenset[int] = frozenset()
        if now_s - self._tokens_at >= TOKENS_S:
            self._tokens_at = now_s
            tokens = frozenset(stream.token_id for room in rooms.values() for stream in room.streams)
        return Question(
            self._position,
            frozenset(rooms),
            due=frozenset(one for one, room in rooms.items() if room.is_due(now_s)),
            ready=frozenset(one for one, room in rooms.items() if room.is_ready(now_s)),
            resumed=resumed,
            progress={
                job_id: told
                for job_id, (user_id, told) in self._at_work.items()
                if self._is_followed(job_id, user_id)
            },
            versions=dict(self._versions),
            tokens=tokens,
        )

    def _is_followed(self, job_id: int, user_id: int) -> bool:
        return Followed(Kind.JOB, job_id) in self._rooms or Followed(Kind.USER, user_id) in self._rooms

    def _tell(self, news: News, now_s: float, known: frozenset[Stream]) -> None:
        """Tell the streams that were there when the look began; those that came meanwhile have the next one."""
        for room in list(self._rooms.values()):
            later = {stream for stream in room.streams if stream not in known}
            room.streams -= later
            if room.streams:
                room.tell(news, now_s, self._is_news)
            room.streams |= later
        self._end_invalid(news)
        self._remember(news)

    def _is_news(self, job_id: int, document: JobDocument) -> bool:
        since = self._position
        if since is None or document.changed_in >= since.seen_to:
            return self._told.get(job_id) != document.changed_in
        return job_id in self._at_work and self._at_work[job_id][1] != document.progress

    def _end_invalid(self, news: News) -> None:
        for room in self._rooms.values():
            for stream in room.streams:
                if stream.token_id in news.invalid_tokens:
                    stream.end("token", ending("token", news.position))

    def _remember(self, news: News) -> None:
        self._position, self._versions = news.position, news.versions
        for job_id, document in news.jobs.items():
            self._told[job_id] = document.changed_in
            if document.at_work:
                self._at_work[job_id] = (document.user_id, document.progress)
            else:
                self._at_work.pop(job_id, None)
        self._told = {
            job_id: changed_in
            for job_id, changed_in in self._told.items()
            if changed_in >= news.position.seen_to
        }
        self._at_work = {
            job_id: (user_id, told)
            for job_id, (user_id, told) in self._at_work.items()
            if self._is_followed(job_id, user_id)
        }
