"""`GET /live?on=…&seen=…`: the stream of one page, behind Flower's own login; it ends when the page is closed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from tornado import gen, web
from tornado.iostream import StreamClosedError
from tornado.util import TimeoutError as FlushTooSlow

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.web.events.wire import CONTENT_TYPE
from crobot_tasks.web.flower.live.seen import Seen
from crobot_tasks.web.flower.live.stream import BEAT, CLOSED, Stream
from crobot_tasks.web.flower.live.topics import parse_all
from crobot_tasks.web.flower.live.watch import Watch
from crobot_tasks.web.flower.page import Page

#: seconds without news after which a page is shown that its connection lives
BEAT_S = 15.0
#: a browser that takes nothing for so long is dropped
_STALL_S = 30.0


class Live(Page):
    """One page's stream: `changed` when it is old, and `beat`."""

    def initialize(self, watch: Watch) -> None:
        """Take what all streams share."""
        self._watch = watch
        self._stream: Stream | None = None

    @web.authenticated
    async def get(self, *path: str) -> None:
        """Tell, until the page is closed."""
        self.secure()
        # a web server before Flower must not gather what it passes on
        self.set_header("X-Accel-Buffering", "no")
        if len(self._watch.streams) >= celeryconfig.crobot_events_streams:
            raise web.HTTPError(
                503, "no more pages can be told (CROBOT_EVENTS_STREAMS): they ask by themselves"
            )
        try:
            stream = Stream(parse_all(self.get_query_arguments("on")), Seen.parse(self.asked("seen")))
        except BadInput as error:
            raise web.HTTPError(400, str(error)) from error
        self._stream = stream
        self._watch.add(stream)
        try:
            with suppress(StreamClosedError, FlushTooSlow):
                await self._send(stream)
        finally:
            self._watch.remove(stream)

    def on_connection_close(self) -> None:
        """Let go at once of a page that was closed."""
        if self._stream is not None:
            self._stream.tell(CLOSED)

    async def _send(self, stream: Stream) -> None:
        self.set_header("Content-Type", CONTENT_TYPE)
        word = BEAT
        while word != CLOSED:
            self.write(f"event: {word}\ndata:\n\n")
            await gen.with_timeout(
                timedelta(seconds=_STALL_S), self.flush(), quiet_exceptions=StreamClosedError
            )
            word = await stream.next(BEAT_S)
