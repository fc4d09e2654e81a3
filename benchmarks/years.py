"""The history of years, put by SQL where it lies then: past jobs, and those of the last months in the hot tables.

Partitions are filled before they have indexes, and are not logged; from the third on they are copies of the second with
other numbers, since to make the JSON of a row takes longer than to store it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from db.base import Base
from db.crobot import partitions
from db.engine import engine, transaction

#: one job ended each so many seconds, so a million is the work of a year
PACE_S = 30
#: younger ones have not moved yet, as the policy has it for jobs that are COMPLETE
HOT_D = 90

_JOBS = """
    INSERT INTO {jobs} (id, pipeline, version, type, tag, database, batch, user_id, workgroup, priority, args, kwargs,
        request, context, cores, memory_bytes, disk_bytes, time_limit_s, expected_s, data, unique_key, cache_key, state,
        attempt, sent_at, available_at, started_at, finished_at, node, outcome, message, result)
    OVERRIDING SYSTEM VALUE
    SELECT n, (ARRAY['QAssembly', 'nomenclature', 'SeroPred', 'prokka_annotation'])[n % 4 + 1],
        (ARRAY['4.1', '5.0', '2.1', '1.1'])[n % 4 + 1], '', 'tag' || n / 5, (ARRAY['senterica', 'ecoli'])[n % 2 + 1],
        'past' || (n - 1) / 1000, n % :users, 'group' || n % 7, n % 10, '[]',
        json_build_object('reads', json_build_array('/reads/' || n || '_1.fastq.gz', '/reads/' || n || '_2.fastq.gz')),
        '{}', '{}', n % 4 + 1, 8 * 1024::bigint^3, 1024::bigint^3, 3600, 600, jsonb_build_array('/reads/' || n),
        'key' || n, 'key' || n, state, 1, sent_at, sent_at, sent_at + interval '1 minute',
        sent_at + interval '11 minutes', 'calc' || lpad((n / 10 % :nodes + 1)::text, 3, '0'),
        CASE state WHEN 'COMPLETE' THEN 'ok' WHEN 'CANCELLED' THEN 'cancelled'
                   WHEN 'FAILED' THEN (ARRAY['tool', 'time_limit', 'poison'])[n % 3 + 1] END,
        CASE WHEN state = 'FAILED' THEN 'too few reads' END,
        json_build_object('outputs', json_build_object('assembly', '/storage/' || n))
    FROM (SELECT n, now() - make_interval(secs => 3600 + (:over - n) * :pace_s) AS sent_at,
              CASE WHEN n % 100 < 97 THEN 'COMPLETE' WHEN n % 100 < 99 THEN 'FAILED' ELSE 'CANCELLED' END AS state
          FROM generate_series(:first, :last) n) one"""

_ATTEMPTS = """
    INSERT INTO {attempts} (job_id, number, node, incarnation, reason, cores, memory_bytes, routed_at, started_at,
        ended_at, outcome, usage)
    SELECT id, 1, node, '000001', '4 of 32 cores free', cores, memory_bytes, started_at, started_at,
        finished_at, outcome, '{{"wall_s": 60, "cpu_s": 55, "peak_memory_bytes": 1000000000}}'
    FROM {jobs} WHERE id BETWEEN :first AND :last"""

_SETTLEMENTS = """
    INSERT INTO {settlements} (task_id, job_id, ignore_result, sent_at, continued_at, settled_at)
    SELECT 'task' || id, id, false, sent_at, finished_at, finished_at
    FROM {jobs} WHERE id BETWEEN :first AND :last"""

# Table → its columns that depend on the number; all others are those of the job that is so many numbers older.
_SHIFTED = {
    "jobs": {
        "id": "id + :by",
        "tag": "'tag' || (id + :by) / 5",
        "batch": "'past' || (id + :by - 1) / 1000",
        "unique_key": "'key' || id + :by",
        "cache_key": "'key' || id + :by",
        **{at: f"{at} + :later" for at in ("sent_at", "available_at", "started_at", "finished_at")},
    },
    "attempts": {
        "job_id": "job_id + :by",
        **{at: f"{at} + :later" for at in ("routed_at", "started_at", "ended_at")},
    },
    "settlements": {
        "job_id": "job_id + :by",
        "task_id": "'task' || job_id + :by",
        **{at: f"{at} + :later" for at in ("sent_at", "continued_at", "settled_at")},
    },
}

_ANSWERS = """
    INSERT INTO crobot.past_answers (cache_key, job_id, context)
    SELECT cache_key, id, context FROM {jobs} WHERE state = 'COMPLETE'"""
_WITHOUT_INDEXES = (
    "ALTER TABLE crobot.past_answers DROP CONSTRAINT pk_past_answers",
    "DROP INDEX crobot.ix_past_answers_job_id",
)
_WITH_INDEXES = (
    "ALTER TABLE crobot.past_answers ADD CONSTRAINT pk_past_answers PRIMARY KEY (cache_key)",
    "CREATE INDEX ix_past_answers_job_id ON crobot.past_answers (job_id)",
)

_TABLES = ("jobs", "attempts", "settlements")


@dataclass(frozen=True)
class Years:
    """How many jobs are over, and by how many users on how many nodes they were."""

    over: int
    users: int = 200
    nodes: int = 500

    @property
    def past(self) -> int:
        """The last number that has moved to the past jobs."""
        return max(0, self.over - HOT_D * 86_400 // PACE_S)


def fill(years: Years) -> None:
    """Put it into tables that are empty; the next job gets the next number."""
    for statement in _WITHOUT_INDEXES:
        alone(statement)
    for number in range(years.past // partitions.SPAN + 1):
        first, last = max(1, number * partitions.SPAN), min(years.past, (number + 1) * partitions.SPAN - 1)
        if first <= last:
            _fill_partition(years, number, first, last)
    for statement in _WITH_INDEXES:
        alone(statement)
    with transaction() as session:
        # as a restore does: what is known to be right is not checked row by row
        session.execute(text("SET LOCAL session_replication_role = replica"))
        hot = {table: f"crobot.{table}" for table in _TABLES}
        _insert(session, years, hot, years.past + 1, years.over)
        session.execute(
            text("SELECT setval(pg_get_serial_sequence('crobot.jobs', 'id'), :over)"), {"over": years.over}
        )


def analyze() -> None:
    """Make the statistics that autovacuum makes within minutes, also of the partitioned tables, which it leaves out."""
    for table in (*_TABLES, *(f"{table}_past" for table in _TABLES), "past_answers"):
        alone(f"VACUUM (ANALYZE) crobot.{table}")


def alone(statement: str) -> None:
    """Execute what may be in no transaction."""
    with engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(statement))


def _fill_partition(years: Years, number: int, first: int, last: int) -> None:
    names = {table: f"crobot.{table}_past_{number}" for table in _TABLES}
    with transaction() as session:
        session.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        for table, name in names.items():
            session.execute(text(f"CREATE UNLOGGED TABLE {name} (LIKE crobot.{table} INCLUDING DEFAULTS)"))
            session.execute(text(f"ALTER TABLE {name} SET (autovacuum_enabled = false)"))
        if number < 2:  # the first one lacks the number 0
            _insert(session, years, names, first, last)
        else:
            _copy(session, number - 1, last)
        session.execute(_text(_ANSWERS, names))
        begin, end = number * partitions.SPAN, (number + 1) * partitions.SPAN
        for table, name in names.items():
            # this makes the indexes, of all that is there
            session.execute(text(
                f"ALTER TABLE crobot.{table}_past ATTACH PARTITION {name} FOR VALUES FROM ({begin}) TO ({end})"
            ))  # fmt: skip


def _insert(session: Session, years: Years, names: dict[str, str], first: int, last: int) -> None:
    values = {"first": first, "last": last, "pace_s": float(PACE_S)} | vars(years)
    for statement in (_JOBS, _ATTEMPTS, _SETTLEMENTS):
        session.execute(_text(statement, names), values)


def _copy(session: Session, spans: int, last: int) -> None:
    """Fill a partition with the jobs of partition 1, so many spans younger, up to a number."""
    by = spans * partitions.SPAN
    values = {"by": by, "last": last, "later": timedelta(seconds=by * PACE_S)}
    for table, shifted in _SHIFTED.items():
        columns = Base.metadata.tables[f"crobot.{table}"].columns.keys()
        taken = ", ".join(shifted.get(name, name) for name in columns)
        number = "id" if table == "jobs" else "job_id"
        statement = f"""
            INSERT INTO crobot.{table}_past_{spans + 1} ({", ".join(columns)})
            SELECT {taken} FROM crobot.{table}_past_1 WHERE {number} <= CAST(:last AS bigint) - :by"""
        session.execute(text(statement), values)


def _text(statement: str, names: dict[str, str]) -> TextClause:
    braced = statement.replace("'{}'", "'{{}}'")
    return text(braced.format(**names).replace("::", "\\:\\:"))
