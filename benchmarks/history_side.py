"""One side of (n): a stage of its own, with or without history; obeys lines of its standard input.

    round JOBS      the rate of so many short jobs, sent and worked off at once, in jobs a second
    look            what VACUUM still has to do in the tables of jobs, and how large they are

Each answer is a line of JSON.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import Any

import crobot_tasks.jobs  # noqa: F401 (it tells db where the database is)
from benchmarks import tasks, years
from benchmarks.stage import all_settled, stage
from db.engine import engine
from tests.processes import query

TABLES = ("jobs", "attempts", "settlements")
PATIENCE_S = 300.0
#: a machine that works off fewer jobs a second is broken
SLOWEST = 5.0

_LOOK = """
    SELECT s.relname AS table, s.n_dead_tup AS dead, s.n_live_tup AS live, s.autovacuum_count AS vacuums,
           pg_table_size(s.relid) AS bytes, pg_indexes_size(s.relid) AS index_bytes
    FROM pg_stat_user_tables s WHERE s.schemaname = 'crobot' AND s.relname = ANY(:tables)"""


def main(rows: int) -> None:
    """Set the stage, fill it, and obey."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the stage is cleared
    with stage():
        if rows:
            years.fill(years.Years(rows))
            years.analyze()
            years.alone("CHECKPOINT")
        _round(50)  # everything is imported and connected
        url = engine().url.set(drivername="postgresql")
        _answer({"database": url.render_as_string(hide_password=False)})
        for line in sys.stdin:
            command, *arguments = line.split()
            _answer(_round(int(arguments[0])) if command == "round" else _look())


def _answer(document: Any) -> None:
    print(json.dumps(document), flush=True)  # noqa: T201 (whoever started this reads it)


def _round(jobs: int) -> dict[str, float]:
    """From the first send until the last result is told."""
    began = time.perf_counter()
    for number in range(jobs):
        tasks.nothing.delay(number)
    ends_at = time.monotonic() + PATIENCE_S + jobs / SLOWEST
    while not all_settled():
        if time.monotonic() > ends_at:
            raise TimeoutError(
                f"some of {jobs} jobs have no result after {time.perf_counter() - began:.0f} s"
            )
        time.sleep(0.01)
    return {"rate": jobs / (time.perf_counter() - began)}


def _look() -> dict[str, dict[str, int]]:
    return {row.table: dict(row._mapping) for row in query(_LOOK, tables=list(TABLES))}


if __name__ == "__main__":
    main(int(sys.argv[1]))
