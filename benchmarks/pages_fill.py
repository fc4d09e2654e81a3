"""What (o) puts into the database by SQL: a cluster of 500 nodes under load, beside the history of years."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text

from benchmarks import years
from db.engine import transaction

#: jobs that each of these many owners has among those that are over; the live ones have fewer owners
USERS = 200

_NODES = """
    INSERT INTO crobot.nodes (name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable, tags,
        local_data, software, drained_at, drain_reason)
    SELECT 'calc' || lpad(n::text, 3, '0'), '000001', 32, 128 * 1024::bigint^3, 1024::bigint^4,
        '{"probe": "1.0", "QAssembly": "4.1", "nomenclature": "5.0", "SeroPred": "2.1", "CRISPR": "2.0",
          "prokka_annotation": "1.1", "assembly_stats": "1.1", "locus_search": "1.2", "locus_table": "1.0",
          "MStree": "1.0", "ref_masker": "1.0", "ref_mapper": "1.0", "ref_mapper_matrix": "1.0"}',
        '{"matrix_phylogeny": "raxml-ng is not installed"}', '["ssd", "hall2"]',
        jsonb_build_array('/reads/' || n, '/reads/' || n + 1), 'CRobot 0.1.0',
        CASE WHEN n % 50 = 0 THEN now() END, CASE WHEN n % 50 = 0 THEN 'new memory' ELSE '' END
    FROM generate_series(1, :nodes) n"""

# What is not over: one in ten runs, one in a hundred is on its way; of the rest a tenth waits for a time.
_JOBS = """
    INSERT INTO crobot.jobs (pipeline, version, type, tag, database, batch, user_id, workgroup, priority, args, kwargs,
        request, context, cores, memory_bytes, disk_bytes, time_limit_s, expected_s, data, unique_key, cache_key, state,
        attempt, sent_at, available_at, started_at, node)
    SELECT (ARRAY['QAssembly', 'nomenclature', 'SeroPred', 'prokka_annotation'])[n % 4 + 1],
        (ARRAY['4.1', '5.0', '2.1', '1.1'])[n % 4 + 1], '', 'tag' || n / 5, (ARRAY['senterica', 'ecoli'])[n % 2 + 1],
        'open' || (n - :over - 1) / :of_open, n % 40, 'group' || n % 7, n % 10, '[]',
        json_build_object('reads', json_build_array('/reads/' || n || '_1.fastq.gz', '/reads/' || n || '_2.fastq.gz')),
        '{}', '{}', n % 4 + 1, 8 * 1024::bigint^3, 1024::bigint^3, 3600, 600,
        jsonb_build_array('/reads/' || n), 'key' || n, 'key' || n, state,
        CASE WHEN state = 'WAITING' THEN 0 ELSE 1 END, sent_at,
        CASE WHEN state = 'WAITING' AND n % 10 = 9 THEN now() + interval '1 hour' ELSE sent_at END,
        CASE WHEN state NOT IN ('WAITING', 'ROUTED') THEN sent_at + interval '1 minute' END,
        CASE WHEN state <> 'WAITING' THEN 'calc' || lpad((n / 10 % :nodes + 1)::text, 3, '0') END
    FROM (SELECT n, now() - make_interval(secs => (:over + :live - n) * 0.07) AS sent_at,
              CASE WHEN n % 10 = 0 THEN 'RUNNING' WHEN n % 100 = 1 THEN 'ROUTED' ELSE 'WAITING' END AS state
          FROM generate_series(:over + 1, :over + :live) n) one"""

_ATTEMPTS = """
    INSERT INTO crobot.attempts (job_id, number, node, incarnation, reason, cores, memory_bytes, routed_at, started_at)
    SELECT id, 1, node, '000001', '4 of 32 cores free', cores, memory_bytes, COALESCE(started_at, now()), started_at
    FROM crobot.jobs WHERE id > :over AND attempt > 0"""

_SETTLEMENTS = """
    INSERT INTO crobot.settlements (task_id, job_id, ignore_result)
    SELECT 'task' || id, id, false FROM crobot.jobs WHERE id > :over"""

# A quarter is under way, with all its items sent; what is over has closed slices.
_BATCHES = """
    INSERT INTO crobot.batches (name, kind, database, shared, priority, size, live_limit, slice_size, made_at, ended_at)
        SELECT CASE WHEN n <= :open THEN 'open' || n - 1 ELSE 'past' || n - :open - 1 END, 'calls', 'senterica', '{}',
               8, CASE WHEN n <= :open THEN :of_open ELSE 1000 END, 2000, 500, now(), CASE WHEN n > :open THEN now() END
        FROM generate_series(:batches, 1, -1) n ORDER BY n DESC;
    INSERT INTO crobot.batch_items (batch_id, number, key, job_id)
        SELECT b.id, i, 'item' || i, CASE WHEN b.ended_at IS NULL THEN :over + substr(b.name, 5)::int * :of_open + i
                                          ELSE substr(b.name, 5)::int * 1000 + i END
        FROM crobot.batches b CROSS JOIN LATERAL generate_series(1, b.size) i;
    INSERT INTO crobot.batch_slices (batch_id, number, first_item, last_item, closed_at, ends)
        SELECT b.id, s, (s - 1) * 500 + 1, LEAST(s * 500, b.size), b.ended_at,
               CASE WHEN b.ended_at IS NOT NULL
                    THEN '[{"state": "COMPLETE", "outcome": "", "items": 490, "cpu_s": 9},
                           {"state": "FAILED", "outcome": "tool", "items": 10, "cpu_s": 9}]'::json END
        FROM crobot.batches b CROSS JOIN LATERAL generate_series(1, (b.size + 499) / 500) s"""

_AROUND = """
    INSERT INTO crobot.monitoring (id) VALUES (1);
    INSERT INTO crobot.typical (pipeline, version, expected_s, samples, run_s, run_p90_s)
        VALUES ('QAssembly', '4.1', 600, 200, 660, 900), ('nomenclature', '5.0', 600, 200, 60, 90);
    INSERT INTO crobot.shares (workgroup, user_id, used)
        SELECT 'group' || n % 7, n % :users, n FROM generate_series(1, 7 * :users) n ON CONFLICT DO NOTHING;
    INSERT INTO crobot.changes (operator, address, action, about, form, asked_jobs, changed_jobs, moved_at, ended_at)
        SELECT CASE n % 3 WHEN 0 THEN 'ada' ELSE 'ben' END, '127.0.0.1', 'cancel', 'all jobs with user 7', 'form' || n,
               4, 4, now(), now() FROM generate_series(1, 20000) n;
    INSERT INTO system.user_preferences (user_id, database, type, name, data)
        SELECT n % :users, 'senterica', (ARRAY['ms_trees', 'locus_search'])[n % 2 + 1], 'analysis ' || n,
               jsonb_build_object('complete', 'true', 'job_id', n, 'date_created', now(), 'date_modified', now())
        FROM generate_series(1, 20000) n"""

#: all that is large
TABLES = ("crobot.jobs", "crobot.attempts", "crobot.settlements", "crobot.batches", "crobot.batch_items",
          "crobot.batch_slices", "crobot.nodes", "crobot.changes", "system.user_preferences")  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How much there is of each."""

    over: int
    live: int = 50_000
    nodes: int = 500
    batches: int = 200
    users: int = USERS

    @property
    def values(self) -> dict[str, int]:
        """Return what the statements need."""
        open_ = self.batches // 4
        return vars(self) | {"open": open_, "of_open": self.live // open_}


def fill(size: Size) -> None:
    """Fill an empty database, and leave it without statistics, which also autovacuum is not to make."""
    for table in TABLES:
        years.alone(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
    years.fill(years.Years(size.over, size.users, size.nodes))
    with transaction() as session:
        # as a restore does: what is known to be right is not checked row by row
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statements in (_NODES, _JOBS, _ATTEMPTS, _SETTLEMENTS, _BATCHES, _AROUND):
            for statement in statements.split(";"):
                session.execute(text(statement.replace("::", "\\:\\:")), size.values)
    years.alone("CHECKPOINT")


def analyze() -> None:
    """Make the statistics that autovacuum makes within minutes."""
    years.analyze()
    for table in TABLES:
        years.alone(f"VACUUM (ANALYZE) {table}")
