"""Celery's consumer, for a broker that is away for long or answers with errors: it waits between two tries."""

from __future__ import annotations

import time

from celery.worker.consumer import Consumer

#: seconds before the first new try, and the most before any
FIRST_S = 0.2
LONGEST_S = 5.0


class PatientConsumer(Consumer):
    """Connects again ever more slowly, for as long as it takes.

    Celery waits while no connection can be made. A broker that takes connections and then refuses the first command
    (a failover, a full memory) is asked again at once, hundreds of times a second, with a line in the log each time.
    """

    _delay_s = 0.0

    def on_connection_error_before_connected(self, exc: Exception) -> None:
        """Say it, and wait."""
        super().on_connection_error_before_connected(exc)
        self._wait()

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Say it, close the connection, and wait."""
        super().on_connection_error_after_connected(exc)
        self._wait()

    def on_ready(self) -> None:
        """The broker takes what it is sent: the next trouble is a new one."""
        self._delay_s = 0.0
        super().on_ready()

    def _wait(self) -> None:
        self._delay_s = min(LONGEST_S, self._delay_s * 2 or FIRST_S)
        time.sleep(self._delay_s)
