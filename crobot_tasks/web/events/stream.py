"""What is on its way to one client: bounded, so that one who reads slowly costs nobody anything."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from crobot_tasks.web.events.admission import Admitted
from crobot_tasks.web.events.followed import Followed, Position

#: a client that leaves so much unread is dropped; it connects again, and is told the present state
MOST_BYTES = 256 * 1024


class Stream:
    """One client's stream; it belongs to the thread of the loop."""

    def __init__(self, admitted: Admitted, drop: Callable[[], object]) -> None:
        self.followed: Followed = admitted.followed
        self.token_id = admitted.caller.token_id
        #: what the client had seen before; None as soon as it has been told where things stand
        self.since: Position | None = admitted.since
        self.is_new = True
        #: why it ended, for the log
        self.reason = "the client left"
        self.ended = False
        self._drop = drop
        self._chunks: list[bytes] = []
        self._bytes = 0
        self._has_news = asyncio.Event()

    def put(self, chunk: bytes) -> None:
        """Have something sent."""
        if self.ended:
            return
        self._chunks.append(chunk)
        self._bytes += len(chunk)
        self._has_news.set()

    def drop_if_slow(self) -> None:
        """Drop the client if it has left too much unread of what was told before."""
        if self._bytes > MOST_BYTES:
            self.leave(f"dropped: {self._bytes:,} bytes were not read")
            self._chunks.clear()
            self._drop()

    def end(self, reason: str, chunk: bytes) -> None:
        """Have a last thing sent, and nothing after it."""
        self.put(chunk)
        if not self.ended:
            self.leave(reason)

    def leave(self, reason: str) -> None:
        """Send nothing more than what is there."""
        if not self.ended:
            self.ended, self.reason = True, reason
        self._has_news.set()

    @property
    def has_more(self) -> bool:
        """Whether something is to be sent."""
        return bool(self._chunks)

    async def next(self, timeout_s: float) -> bytes:
        """Return what is to be sent; nothing if there was nothing for so many seconds, or it has ended."""
        if not self._chunks and not self.ended:
            try:
                await asyncio.wait_for(self._has_news.wait(), timeout_s)
            except TimeoutError:
                return b""
        self._has_news.clear()
        found = b"".join(self._chunks)
        self._chunks.clear()
        self._bytes = 0
        return found
