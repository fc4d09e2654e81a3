"""The body of a request that may take hours: read as it comes, and given up when nothing comes any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import request
from werkzeug.exceptions import ClientDisconnected

import celeryconfig
from crobot_tasks.intake.uploads.receiving import PIECE_S, ConnectionLost
from crobot_tasks.web.api.problems import RETRY_AFTER_S, Problem

#: of a body that is refused, so much is read, so that the client reads the answer and not an error of its line
_READ_ON = 32 * 2**20
#: bytes that are asked for: gunicorn gives none before it has all of them
_READ, _READ_SLOWLY = 2**16, 2**9

_at_once = threading.BoundedSemaphore(celeryconfig.crobot_uploads_at_once or 1_000_000)


class Body:
    """The bytes of a request."""

    def __init__(self) -> None:
        self._heard_at = time.monotonic()
        self._size = _READ

    def read(self) -> bytes | None:
        """Return some of the body: nothing at its end, None if nothing came for some seconds.

        Raises:
            ConnectionLost: the client is gone, or has been silent for too long.
        """
        try:
            data = request.stream.read(self._size)
        except (ClientDisconnected, OSError) as error:
            if not _is_silence(error):
                raise ConnectionLost("the client is gone") from error
            if time.monotonic() - self._heard_at > celeryconfig.crobot_upload_silence_s:
                raise ConnectionLost("the client is silent") from error
            self._size = _READ_SLOWLY
            return None
        self._heard_at, self._size = time.monotonic(), _READ
        return data


def _is_silence(error: BaseException) -> bool:
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


@contextmanager
def one_of_few() -> Iterator[None]:
    """Let some requests write, and have others come again: all else must be answered, too.

    Raises:
        Problem: too many are at it.
    """
    if not _at_once.acquire(blocking=False):
        raise Problem(
            503,
            "as many files are being uploaded as this server takes at a time: go on in a few seconds",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        )
    try:
        with _waits_noticed():
            yield
    finally:
        _at_once.release()


@contextmanager
def _waits_noticed() -> Iterator[None]:
    """Have a read end when nothing comes for a while; only gunicorn tells which connection it is."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(PIECE_S)
    try:
        yield
    finally:
        connection.settimeout(before)


def read_on() -> None:
    """Read some of what is left of a body that is refused, as long as it comes."""
    body, left = Body(), _READ_ON
    with suppress(ConnectionLost), _waits_noticed():
        while left > 0 and (data := body.read()):
            left -= len(data)
