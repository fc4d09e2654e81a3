"""The body of a request that may take hours: read as it comes, and given up when nothing comes any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import request
from werkzeug.exceptions import ClientDisconnected

import celeryconfig
from crobot_tasks.intake.uploads.receiving import ConnectionLost
from crobot_tasks.web.api.problems import RETRY_AFTER_S, Problem

#: of a body that is refused, so much is read, so that the client reads the answer and not an error of its line
_READ_ON = 32 * 2**20
_READ = 2**18

_at_once = threading.BoundedSemaphore(celeryconfig.crobot_uploads_at_once or 1_000_000)


def read(size: int) -> bytes:
    """Return some of the body; nothing at its end.

    Raises:
        ConnectionLost: the client is gone, or silent.
    """
    try:
        return request.stream.read(size)
    except (ClientDisconnected, OSError) as error:
        raise ConnectionLost(str(error)) from error


@contextmanager
def one_of_few() -> Iterator[None]:
    """Let some requests write, and others wait for their turn at the client: all else must be answered, too.

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
        with _silence_limited():
            yield
    finally:
        _at_once.release()


@contextmanager
def _silence_limited() -> Iterator[None]:
    """Have a read fail when nothing comes; only gunicorn tells which connection it is."""
    connection = request.environ.get("gunicorn.socket")
    if connection is None:
        yield
        return
    before = connection.gettimeout()
    connection.settimeout(celeryconfig.crobot_upload_silence_s)
    try:
        yield
    finally:
        connection.settimeout(before)


def read_on() -> None:
    """Read some of what is left of a body that is refused."""
    left = _READ_ON
    with suppress(ConnectionLost), _silence_limited():
        while left > 0 and (data := read(_READ)):
            left -= len(data)
