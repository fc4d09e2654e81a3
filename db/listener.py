"""Waiting for another process's commit (LISTEN) on a connection of its own; only a hint, nothing rests on it."""

from __future__ import annotations

import select
import socket
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg2
from psycopg2 import extensions, sql
from sqlalchemy.exc import DBAPIError

from db.engine import engine


class Listener:
    """Hears `db.engine.notify` on one channel; reconnects by itself."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._connection: extensions.connection | None = None
        #: a byte in the second socket can be read from the first; there as long as the connection is
        self._bell: tuple[socket.socket, socket.socket] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def wait(self, timeout_s: float) -> bool:
        """Return true as soon as something may have happened, false when the time is over.

        After a lost connection the answer is true, since the notices in between are unknown.
        """
        ends_at = time.monotonic() + timeout_s
        pause_s = 0.0
        while True:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                    return True
                return self._heard(ends_at)
            except (psycopg2.OperationalError, psycopg2.InterfaceError, DBAPIError):
                # the caller's own queries say what is wrong; here only the pace is kept
                self.close()
            left_s = ends_at - time.monotonic()
            if left_s <= 0:
                return False
            time.sleep(min(pause_s, left_s))
            pause_s = 1.0

    def wake(self) -> None:
        """End the wait of another thread, or its next one: this thread wants it to stop."""
        if self._bell is not None:
            with suppress(OSError):
                self._bell[1].send(b".")

    def fileno(self) -> int:
        """Return the socket's descriptor, for select() together with others."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection.fileno()

    def close(self) -> None:
        """Give the connection back; the next wait opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._bell is not None:
            for each in self._bell:
                each.close()
            self._bell = None

    def _connect(self) -> extensions.connection:
        pooled = engine().raw_connection()
        raw = pooled.driver_connection  # asked first: a detached one no longer says
        pooled.detach()
        assert isinstance(raw, extensions.connection)
        raw.rollback()
        raw.autocommit = True
        with raw.cursor() as cursor:
            cursor.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self.channel)))
        self._bell = socket.socketpair()
        return raw

    def _heard(self, ends_at: float) -> bool:
        """Wait for a notice; what else the server says (that it ends this connection, say) is none."""
        assert self._connection is not None
        assert self._bell is not None
        bell, is_rung = self._bell[0], False
        self._connection.poll()
        while not (self._connection.notifies or is_rung) and (left_s := ends_at - time.monotonic()) > 0:
            both = [self._connection.fileno(), bell.fileno()]
            is_rung = bell.fileno() in select.select(both, [], [], left_s)[0]
            self._connection.poll()
        if is_rung:
            bell.recv(1)
        heard = bool(self._connection.notifies)
        self._connection.notifies.clear()
        return heard
