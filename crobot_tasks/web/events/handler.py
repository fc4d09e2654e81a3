"""`GET /events`: a request becomes a stream; knows Tornado, and asks nobody's password but the API's tokens."""

from __future__ import annotations

import asyncio
import logging
import resource
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from tornado import gen, web
from tornado.iostream import StreamClosedError
from tornado.util import TimeoutError as FlushTooSlow

import celeryconfig
from crobot_tasks.web.events import refusals
from crobot_tasks.web.events.admission import Admitted, Asked, admit
from crobot_tasks.web.events.gathering import Gatherer
from crobot_tasks.web.events.refusals import Refusal, too_many
from crobot_tasks.web.events.stream import Stream
from crobot_tasks.web.events.wire import CONTENT_TYPE, HEARTBEAT, RETRY

log = logging.getLogger(__name__)

#: the second is for a web server that gives streams the address of the HTTP API
PATHS = r"/(?:api/v1\.0/)?events"
#: connections to the database, for looks and for requests that begin
_THREADS = 4
#: seconds without an event, after which a comment shows that the connection lives
HEARTBEAT_S = 15.0
#: a client that takes nothing for so long is dropped
_STALL_S = 30.0
#: what the system may keep for a client that does not read, and what a process may have open
_SEND_BUFFER_BYTES = 64 * 1024
_MOST_FILES = 65_536
_ALLOWED = {
    "Access-Control-Allow-Methods": "GET",
    "Access-Control-Allow-Headers": "Authorization, Last-Event-ID",
    "Access-Control-Max-Age": "600",
}


class Service:
    """What all requests share; the gatherer begins with the first stream."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(_THREADS, "events")
        self._gatherer: Gatherer | None = None

    @property
    def gatherer(self) -> Gatherer:
        """All streams of this process."""
        if self._gatherer is None:
            self._gatherer = Gatherer(self.threads)
        return self._gatherer


def handlers() -> list[Any]:
    """Return what is to be added to a Tornado application; every stream is a file that the process has open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return [(PATHS, Events, {"service": Service()})]


class Events(web.RequestHandler):
    """One client's request."""

    def initialize(self, service: Service) -> None:
        """Take what all requests share."""
        self._service = service
        self._stream: Stream | None = None

    def set_default_headers(self) -> None:
        """Let nobody keep or gather the answer on the way, and let only pages that may read it."""
        self.request_id = uuid4().hex
        self.set_header("X-Request-Id", self.request_id)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        origin = self.request.headers.get("Origin", "")
        if celeryconfig.crobot_events_origins:
            self.set_header("Vary", "Origin")
        if origin and origin in celeryconfig.crobot_events_origins:
            self.set_header("Access-Control-Allow-Origin", origin)

    def check_xsrf_cookie(self) -> None:
        """Ask for none: no cookie opens anything here."""

    def options(self) -> None:
        """Tell a browser what a page of another address may send."""
        for name, value in _ALLOWED.items():
            self.set_header(name, value)
        self.set_status(204)

    async def get(self) -> None:
        """Stream, until the job or the batch is over, the token counts no longer, or the client leaves."""
        await self._serve(await self._admitted())

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what is wrong, as the HTTP API does."""
        error = kwargs["exc_info"][1]
        if isinstance(error, web.HTTPError):
            error = Refusal(status_code, error.log_message or self._reason)
        refusal = refusals.of(error)
        self.set_status(refusal.status)
        self.set_header("Content-Type", refusals.CONTENT_TYPE)
        for name, value in refusal.headers.items():
            self.set_header(name, value)
        self.finish(refusal.document())

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Leave to `refusals` what the client can still be told."""
        if self._headers_written:
            log.error("a stream met a defect", exc_info=value)

    def on_connection_close(self) -> None:
        """End the stream of a client that has left."""
        if self._stream is not None:
            self._stream.leave("the client left")

    async def _admitted(self) -> Admitted:
        if self._service.gatherer.streams >= celeryconfig.crobot_events_streams:
            raise too_many(self._service.gatherer.streams)
        headers = self.request.headers
        asked = Asked(headers.get("Authorization", ""), headers.get("Last-Event-ID", ""), self._query())
        return await asyncio.get_running_loop().run_in_executor(self._service.threads, admit, asked)

    def _query(self) -> Mapping[str, Sequence[str]]:
        return {
            name: [value.decode(errors="replace") for value in values]
            for name, values in self.request.query_arguments.items()
        }

    async def _serve(self, admitted: Admitted) -> None:
        connection: Any = self.request.connection
        with suppress(OSError, AttributeError):
            connection.stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        self._stream = stream = Stream(admitted, connection.stream.close)
        who = f"token={admitted.caller.token_id} user={admitted.caller.user_id} request={self.request_id}"
        known = {"request_id": self.request_id}
        log.info("%s follows %s, %s", self.request.remote_ip, admitted.followed, who, extra=known)
        began = time.monotonic()
        self._service.gatherer.add(stream)
        try:
            await self._send(stream)
        except (StreamClosedError, FlushTooSlow) as error:
            stream.leave(f"dropped: {type(error).__name__}")
            connection.stream.close()
        finally:
            self._service.gatherer.remove(stream)
            log.info("ended after %.0f s: %s, %s", time.monotonic() - began, stream.reason, who, extra=known)

    async def _send(self, stream: Stream) -> None:
        self.set_header("Content-Type", CONTENT_TYPE)
        self.write(RETRY)
        while True:
            await gen.with_timeout(
                timedelta(seconds=_STALL_S), self.flush(), quiet_exceptions=StreamClosedError
            )
            if stream.ended and not stream.has_more:
                return
            self.write(await stream.next(HEARTBEAT_S) or HEARTBEAT)
