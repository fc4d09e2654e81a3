"""What a soak is made of: long analytic queries without a pause, and a line for each round."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

import psycopg2

#: what somebody asks who wants to know how the years went; each reads all jobs, so it keeps its snapshot for long
ANALYTIC = (
    """SELECT user_id, date_trunc('month', finished_at), count(*), sum(EXTRACT(epoch FROM finished_at - started_at))
       FROM crobot.all_jobs WHERE finished_at IS NOT NULL GROUP BY 1, 2""",
    """SELECT j.pipeline, a.node, count(*), percentile_cont(0.95) WITHIN GROUP (ORDER BY a.ended_at - a.started_at)
       FROM crobot.all_jobs j JOIN crobot.all_attempts a ON a.job_id = j.id AND a.number = j.attempt GROUP BY 1, 2""",
    """SELECT date_trunc('week', j.sent_at), count(*), max(s.settled_at - j.finished_at), count(DISTINCT j.tag)
       FROM crobot.all_jobs j JOIN crobot.all_settlements s ON s.job_id = j.id GROUP BY 1""",
)
_MIB = 1024**2
HEADER = (
    "| jobs | jobs/s | empty | dead rows of jobs, attempts, settlements | empty | autovacuums | empty | "
    "MiB of tables + indexes | empty | queries |"
)
RULE = "|" + "---|" * 10


class Asking:
    """Connections that ask one analytic query after the other."""

    def __init__(self, url: str, number: int) -> None:
        self._url, self.ended = url, 0
        self._stopping = threading.Event()
        self._connections: list[Any] = []
        self._threads = [
            threading.Thread(
                target=self._ask, args=(ANALYTIC[one % len(ANALYTIC) :] + ANALYTIC,), daemon=True
            )
            for one in range(number)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Cancel what runs."""
        self._stopping.set()
        for connection in self._connections:
            connection.cancel()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, queries: tuple[str, ...]) -> None:
        connection = psycopg2.connect(self._url)
        self._connections.append(connection)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for query in cycle(queries):
                    if self._stopping.is_set():
                        return
                    cursor.execute(query)
                    self.ended += 1
        except psycopg2.Error:
            if not self._stopping.is_set():
                raise
        finally:
            connection.close()


@contextmanager
def asking(url: str, number: int) -> Iterator[Asking]:
    """Have so many analytic queries run all the time."""
    asks = Asking(url, number)
    asks.start()
    try:
        yield asks
    finally:
        asks.stop()


def line(jobs: int, rates: tuple[float, float], looks: tuple[Any, Any], queries: int) -> str:
    """Return a line of the table over time: the side with history, and the empty one."""
    cells = [
        f"{jobs:,}",
        *(f"{rate:.1f}" for rate in rates),
        *(", ".join(f"{table['dead']:,}" for table in look.values()) for look in looks),
        *(", ".join(str(table["vacuums"]) for table in look.values()) for look in looks),
        *(", ".join(f"{table['bytes'] / _MIB:.0f} + {table['index_bytes'] / _MIB:.0f}" for table in look.values())
          for look in looks),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} | {queries} |"
