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

from sqlalchemy import text

import crobot_tasks.jobs  # noqa: F401 (it tells db where the database is)
from benchmarks import tasks
from benchmarks.stage import all_settled, stage
from db.engine import engine, transaction
from tests.processes import query

TABLES = ("jobs", "attempts", "settlements")
PATIENCE_S = 300.0

# All of them are over; one ended each second, by four pipelines of ten users.
_JOBS = """
    INSERT INTO crobot.jobs (pipeline, version, type, tag, database, batch, user_id, workgroup, priority, args, kwargs,
        request, context, cores, memory_bytes, disk_bytes, time_limit_s, expected_s, data, unique_key, cache_key, state,
        attempt, sent_at, available_at, started_at, finished_at, node, outcome, result)
    SELECT 'pipeline' || n % 4, '4.1', '', 'tag' || n / 5, (ARRAY['senterica', 'ecoli'])[n % 2 + 1],
        'batch' || n / 1000, n % 10, 'group' || n % 7, n % 10, '[]',
        json_build_object('reads', json_build_array('/reads/' || n || '_1.fastq.gz', '/reads/' || n || '_2.fastq.gz')),
        '{}', '{}', 1, 1024::bigint^3, 0, 3600, 60, jsonb_build_array('/reads/' || n), 'key' || n, 'key' || n,
        CASE WHEN n % 100 < 98 THEN 'COMPLETE' ELSE 'FAILED' END, 1, ended_at, ended_at, ended_at, ended_at,
        'node' || n % 12, 'ok', json_build_object('outputs', json_build_object('assembly', '/storage/' || n))
    FROM (SELECT n, now() - make_interval(secs => 86400 + :rows - n) AS ended_at
          FROM generate_series(1, :rows) n) one"""
_ATTEMPTS = """
    INSERT INTO crobot.attempts (job_id, number, node, incarnation, reason, cores, memory_bytes, routed_at, started_at,
        ended_at, outcome, usage)
    SELECT id, 1, node, '000001', '1 of 32 cores free', 1, memory_bytes, sent_at, sent_at, finished_at, 'ok',
        '{"wall_s": 60, "peak_memory_bytes": 1000000000}' FROM crobot.jobs WHERE id <= :rows"""
_SETTLEMENTS = """
    INSERT INTO crobot.settlements (task_id, job_id, ignore_result, continued_at, settled_at)
    SELECT 'task' || id, id, false, finished_at, finished_at FROM crobot.jobs WHERE id <= :rows"""
_LOOK = """
    SELECT s.relname AS table, s.n_dead_tup AS dead, s.n_live_tup AS live, s.autovacuum_count AS vacuums,
           pg_table_size(s.relid) AS bytes, pg_indexes_size(s.relid) AS index_bytes
    FROM pg_stat_user_tables s WHERE s.schemaname = 'crobot' AND s.relname = ANY(:tables)"""


def main(rows: int) -> None:
    """Set the stage, fill it, and obey."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the stage is cleared
    with stage() as running:
        if rows:
            _fill(rows)
        _round(50)  # everything is imported and connected
        _answer({"ready": str(running.folder)})
        for line in sys.stdin:
            command, *arguments = line.split()
            _answer(_round(int(arguments[0])) if command == "round" else _look())


def _answer(document: Any) -> None:
    print(json.dumps(document), flush=True)  # noqa: T201 (whoever started this reads it)


def _fill(rows: int) -> None:
    with transaction() as session:
        # as a restore does: what is known to be right is not checked row by row
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in (_JOBS, _ATTEMPTS, _SETTLEMENTS):
            session.execute(text(statement.replace("::", "\\:\\:")), {"rows": rows})
        session.execute(
            text("SELECT setval(pg_get_serial_sequence('crobot.jobs', 'id'), :rows)"), {"rows": rows}
        )
    with engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"VACUUM (ANALYZE) {', '.join(f'crobot.{table}' for table in TABLES)}"))
        connection.execute(text("CHECKPOINT"))


def _round(jobs: int) -> dict[str, float]:
    """From the first send until the last result is told."""
    began = time.perf_counter()
    for number in range(jobs):
        tasks.nothing.delay(number)
    ends_at = time.monotonic() + PATIENCE_S
    while not all_settled():
        if time.monotonic() > ends_at:
            raise TimeoutError(f"some of {jobs} jobs have no result after {PATIENCE_S:g} s")
        time.sleep(0.01)
    return {"rate": jobs / (time.perf_counter() - began)}


def _look() -> dict[str, dict[str, int]]:
    return {row.table: dict(row._mapping) for row in query(_LOOK, tables=list(TABLES))}


if __name__ == "__main__":
    main(int(sys.argv[1]))
