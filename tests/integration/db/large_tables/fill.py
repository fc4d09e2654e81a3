"""Tables as they are after years: nearly all jobs are over, half of them past; thousands wait, hundreds run."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import partitions
from db.engine import engine
from db.handle import dbhandle
from db.nomenclature import import_scheme

SPECIES = "senterica"
SCHEME = "MLST_Achtman"
LOCI = ("aroC", "dnaN", "hemD", "hisD", "purE", "sucA", "thrA")
NODES = 12
#: jobs that are not over, whatever the size: the youngest; one in ten of them runs
LIVE = 3000
#: the oldest jobs are somebody's, of a workgroup, a pipeline, a species and a node that were never seen again
RARE = 20
#: one job each so many seconds
PACE_S = 10

_NODES = """
    INSERT INTO crobot.nodes (name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable, lost_at)
    SELECT 'node' || n, '000001', 32, 128 * 1024::bigint^3, 1024::bigint^4,
           '{"QAssembly": "4.1", "nomenclature": "4.1", "probe": ""}', '{}', CASE WHEN n = 0 THEN now() END
    FROM generate_series(0, :nodes - 1) n"""

_JOBS = """
    INSERT INTO crobot.jobs (pipeline, version, type, tag, database, batch, user_id, workgroup, priority, args, kwargs,
        request, context, cores, memory_bytes, disk_bytes, time_limit_s, expected_s, data, unique_key, cache_key, state,
        attempt, sent_at, available_at, started_at, finished_at, node, outcome, message, result)
    SELECT CASE WHEN old THEN 'retired' WHEN n % 4 = 0 THEN 'QAssembly' ELSE 'nomenclature' END, '4.1',
        CASE n % 4 WHEN 0 THEN 'assembly' ELSE 'MLST_Achtman' END, 'tag' || n / 5,
        CASE WHEN old THEN 'retired' ELSE (ARRAY['senterica', 'ecoli'])[n % 2 + 1] END,
        CASE WHEN n % 2 = 0 THEN 'batch' || n / 1000 ELSE '' END,
        CASE WHEN old THEN 4242 ELSE n % 97 END, CASE WHEN old THEN 'retired' ELSE 'group' || n % 7 END, n % 10,
        '[]', jsonb_build_object('params', '{}'::jsonb, 'reads', jsonb_build_array('/reads/' || n || '_1.fastq.gz')),
        '{}',
        CASE WHEN n % 50 = 0 THEN jsonb_build_object('resent_from', n - 1)
             WHEN n % 4 = 0 THEN jsonb_build_object('trace_ids', jsonb_build_array(n / 20 + 1)) ELSE '{}' END,
        n % 4 + 1, 8 * 1024::bigint^3, 1024::bigint^3, 3600, 60, jsonb_build_array('/reads/' || n),
        'key' || n, 'key' || n, state,
        CASE WHEN state = 'WAITING' THEN 0 WHEN n % 5 = 0 THEN 2 ELSE 1 END, sent_at,
        CASE WHEN state = 'WAITING' AND n % 20 = 1 THEN now() + interval '1 hour' ELSE sent_at END,
        CASE WHEN state <> 'WAITING' THEN sent_at + interval '1 minute' END,
        CASE WHEN over THEN sent_at + interval '2 minutes' END,
        CASE WHEN old THEN 'retired' WHEN state <> 'WAITING' THEN 'node' || n % :nodes END,
        CASE WHEN over THEN 'ok' END, CASE WHEN state = 'FAILED' THEN 'too few reads' END,
        CASE WHEN over THEN jsonb_build_object('outputs', jsonb_build_object('assembly', '/storage/' || n)) END
    FROM (SELECT n, n <= :rare AS old, n <= :jobs - :live AS over,
                 now() - make_interval(secs => (:jobs - n) * :pace_s + 120) AS sent_at,
                 CASE WHEN n > :jobs - :live THEN CASE WHEN n % 10 = 0 THEN 'RUNNING' ELSE 'WAITING' END
                      WHEN n % 100 < 98 THEN 'COMPLETE' WHEN n % 100 < 99 THEN 'FAILED' ELSE 'CANCELLED' END AS state
          FROM generate_series(1, :jobs) n) one"""

_ATTEMPTS = """
    INSERT INTO crobot.attempts (job_id, number, node, incarnation, reason, cores, memory_bytes, routed_at, started_at,
        ended_at, outcome, usage)
    SELECT id, number, node, '000001', '4 of 32 cores free', cores, memory_bytes, started_at, started_at, ended_at,
        CASE WHEN ended_at IS NULL THEN NULL WHEN number < attempt THEN 'node_lost' ELSE 'ok' END,
        '{"wall_s": 60, "peak_memory_bytes": 1000000000}'
    FROM (SELECT j.*, number, CASE WHEN number < attempt THEN started_at ELSE finished_at END AS ended_at
          FROM crobot.jobs j CROSS JOIN LATERAL generate_series(1, attempt) number) one"""

_SETTLEMENTS = """
    INSERT INTO crobot.settlements (task_id, job_id, options, ignore_result, chord_id, stamps, continued_at,
        settled_at)
    SELECT 'task' || id, id, CASE WHEN id % 10 = 0 THEN '{"chord": {"options": {"task_id": "body"}}}'::jsonb END,
           false, CASE WHEN id % 10 = 0 THEN 'chord' || id / 1000 END,
           jsonb_build_object('run', jsonb_build_array('run' || id / 100)), finished_at, finished_at
    FROM crobot.jobs"""

_CHORDS = """
    INSERT INTO crobot.chords (id, size, sent_at, answered_at)
    SELECT 'chord' || n, 100, now() - interval '1 day', CASE WHEN n < :jobs / 1000 - 5 THEN now() END
    FROM generate_series(0, :jobs / 1000) n"""

_MESSAGES = """
    INSERT INTO crobot.messages (task_id, name, args, kwargs, options, sent_at, published_at, begun_at)
    SELECT 'call' || n, 'plain', '[]', '{}', '{}', now() - interval '1 hour', now(), now()
    FROM generate_series(1, :jobs / 20) n"""

# One batch of all jobs but the last hundred; all its slices are closed but those with live jobs, and a few of the items
# were sent again.
_BATCHES = """
    INSERT INTO crobot.batches (name, kind, shared, priority, size, live_limit, slice_size, made_at)
        VALUES ('large', 'calls', '{}', 8, :jobs, 2000, 1000, now());
    INSERT INTO crobot.batch_items (batch_id, number, key, job_id)
        SELECT 1, n, 'item' || n, CASE WHEN n <= :jobs - 100 THEN n END FROM generate_series(1, :jobs) n;
    INSERT INTO crobot.batch_slices (batch_id, number, first_item, last_item, closed_at, ends)
        SELECT 1, n + 1, n * 1000 + 1, LEAST(n * 1000 + 1000, :jobs - 100),
               CASE WHEN n * 1000 + 1000 <= :jobs - :live THEN now() END,
               CASE WHEN n * 1000 + 1000 <= :jobs - :live
                    THEN '[{"state": "COMPLETE", "outcome": "", "items": 990, "cpu_s": 9},
                           {"state": "FAILED", "outcome": "tool", "items": 10, "cpu_s": 9}]'::json END
        FROM generate_series(0, :jobs / 1000 - 1) n;
    INSERT INTO crobot.batch_resends (batch_id, number, slice)
        SELECT 1, n * 10000 + 3, n * 10 + 1 FROM generate_series(0, :jobs / 20000) n"""

_WEBHOOKS = """
    INSERT INTO crobot.webhooks (kind, number, url, origin)
        SELECT 'job', :jobs / 2 + n, 'http://app' || n % 20 || '/x', 'http://app' || n % 20
        FROM generate_series(1, :jobs / 4) n;
    INSERT INTO crobot.deliveries (kind, number, url, origin, body, state, written_at)
        SELECT 'job', :jobs / 2 + n, 'http://app' || n % 20 || '/x', 'http://app' || n % 20, '{}',
               CASE WHEN n % 1000 = 7 THEN 'waiting' ELSE 'delivered' END, now() - interval '1 hour'
        FROM generate_series(1, :jobs / 4) n"""

# one in ten by an operator, each of these in two parts
_CHANGES = """
    INSERT INTO crobot.changes (id, token_id, user_id, address, action, job_ids)
        OVERRIDING SYSTEM VALUE
        SELECT n, 1, n % 97, '127.0.0.1', 'send', ARRAY[n] FROM generate_series(1, :jobs) n WHERE n % 10 > 0;
    INSERT INTO crobot.changes (id, operator, address, action, form, asked_jobs, changed_jobs, moved_at, ended_at)
        OVERRIDING SYSTEM VALUE
        SELECT n, CASE WHEN n <= :rare THEN 'ada' ELSE 'ben' END, '127.0.0.1',
               CASE WHEN n <= :rare THEN 'hold' ELSE 'cancel' END, 'form' || n, 4, 4, now(), now()
        FROM generate_series(10, :jobs, 10) n;
    INSERT INTO crobot.changes (id, operator, address, action, part_of, job_ids)
        OVERRIDING SYSTEM VALUE
        SELECT :jobs + n, 'ben', '127.0.0.1', 'cancel', n / 10 * 10, ARRAY[n, n + 1]
        FROM generate_series(10, :jobs, 5) n;
    SELECT setval(pg_get_serial_sequence('crobot.changes', 'id'), 3 * :jobs)"""

# The older half has moved; live jobs are the youngest.
_PAST = """
    INSERT INTO crobot.past_answers (cache_key, job_id, context)
        SELECT cache_key, id, context FROM crobot.jobs WHERE id <= :jobs / 2 AND state = 'COMPLETE';
    WITH gone AS (DELETE FROM crobot.settlements WHERE job_id <= :jobs / 2 RETURNING *)
        INSERT INTO crobot.settlements_past SELECT * FROM gone;
    WITH gone AS (DELETE FROM crobot.attempts WHERE job_id <= :jobs / 2 RETURNING *)
        INSERT INTO crobot.attempts_past SELECT * FROM gone;
    WITH gone AS (DELETE FROM crobot.jobs WHERE id <= :jobs / 2 RETURNING *)
        INSERT INTO crobot.jobs_past SELECT * FROM gone"""

_SMALL = """
    INSERT INTO crobot.accounting (id, folded_to) VALUES (1, now() - interval '5 minutes');
    INSERT INTO crobot.typical (pipeline, version, expected_s, samples, run_s, run_p90_s)
        VALUES ('QAssembly', '4.1', 60, 200, 60, 90);
    INSERT INTO crobot.shares (workgroup, user_id, used)
        SELECT 'group' || n % 7, n % 97, n FROM generate_series(1, 679) n;
    INSERT INTO crobot.revoked (header, value)
        SELECT CASE WHEN n % 10 = 0 THEN 'run' ELSE '' END,
               to_jsonb(CASE WHEN n % 10 = 0 THEN 'run' ELSE 'task' END || n) FROM generate_series(1, 1000) n"""

_USER_JOBS = """
    INSERT INTO system.user_jobs (job_id, accession, user_id, status, date_sent, database, version, pipeline)
    SELECT id, tag, user_id, state, sent_at, database, version, type FROM crobot.jobs"""

_PREFERENCES = """
    INSERT INTO system.user_preferences (user_id, database, type, name, data)
    SELECT n % 97, 'senterica',
           CASE WHEN n <= :rare THEN 'snp_project' WHEN n % 2 = 0 THEN 'ms_trees' ELSE 'locus_search' END,
           'analysis ' || n,
           CASE WHEN n = 1 THEN '{"ref_id": 1}' ELSE '{"complete": "true", "job_id": 1, "ref_id": 1}'::jsonb END
    FROM generate_series(1, :jobs / 20) n"""

# most were sent long ago, some are on their way, and some came to nothing
_UPLOADS = """
    INSERT INTO system.user_uploads (id, user_id, database, status, file_names, expires_at)
        SELECT n, n % 97, 'senterica',
               CASE WHEN n <= 100 THEN 'uploading' WHEN n % 50 = 0 THEN 'expired' ELSE 'sent' END,
               '["a", "b"]', CASE WHEN n <= 100 OR n % 50 = 0 THEN now() + interval '1 day' END
        FROM generate_series(1, :jobs / 5) n;
    INSERT INTO system.upload_files (id, upload_id, user_id, mate, name, length, received, sha256, state, is_stored)
        SELECT n, (n + 1) / 2, (n + 1) / 2 % 97, 1 + (n + 1) % 2, 'a', 1000, 0, sha256(n::text::bytea),
               CASE WHEN n <= 200 THEN 'uploading' WHEN (n + 1) / 2 % 50 = 0 THEN 'expired' ELSE 'checked' END,
               (n + 1) / 2 % 50 <> 0
        FROM generate_series(1, :jobs / 5 * 2) n"""

_SPECIES = """
    INSERT INTO strains (id, barcode, strain, best_assembly, owner)
        SELECT n, 'SAL_' || n || '_SS', 'strain ' || n, n, n % 97 FROM generate_series(1, :assemblies) n;
    INSERT INTO traces (id, barcode, strain_id, read1, read2)
        SELECT n, 'SAL_' || n || '_TR', n, '/reads/' || n || '_1', '/reads/' || n || '_2'
        FROM generate_series(1, :assemblies) n;
    INSERT INTO assemblies (id, barcode, status, job_id, pipeline_version, file_pointer, n50, stats)
        SELECT n, 'SAL_' || chr(65 + n / 10000) || 'A' || lpad((n % 10000)::text, 4, '0') || 'AA_AS', 'Assembled',
               n * 4, '4.1', '/storage/' || n, 100000,
               jsonb_build_object('sha256', md5(n::text))
        FROM generate_series(1, :assemblies) n;
    INSERT INTO trace_assembly SELECT n, n FROM generate_series(1, :assemblies) n;
    INSERT INTO assembly_lookup (id, assembly_id, scheme_id, version, status, st_barcode, job_id, job_count,
        complete_count, queued_count, results)
        SELECT n, (n - 1) / 4 + 1, scheme[(n - 1) % 4 + 1], '4.1',
               CASE WHEN n % 50 = 0 THEN 'QUEUED' ELSE 'COMPLETE' END, 'SAL_' || n % 1000 || '_ST', n * 5, 1, 1,
               CASE WHEN n % 50 = 0 THEN 1 ELSE 0 END,
               '{"alleles": {"aroC": 1, "dnaN": 1, "hemD": 1, "hisD": 1, "purE": 1, "sucA": 1, "thrA": 1}}'
        FROM generate_series(1, :assemblies * 4) n, (SELECT array_agg(id ORDER BY id DESC) AS scheme FROM schemes) s;
    INSERT INTO annotations (lookup_id, records, contigs, rest)
        SELECT id, decode(repeat('00', 112), 'hex'), '{contig1}', '' FROM assembly_lookup
        WHERE scheme_id = (SELECT max(id) FROM schemes);
    INSERT INTO alleles (locus_id, number, sha256, sequence, release)
        SELECT l.id, n, decode(md5(n::text) || md5(n::text), 'hex'), 'ACGT', 1
        FROM loci l, generate_series(2, :assemblies / 20) n;
    INSERT INTO sequence_types (scheme_id, number, profile, digest)
        SELECT (SELECT max(id) FROM schemes), n, ARRAY[n, n, n, n, n, n, n], decode(md5(n::text), 'hex')
        FROM generate_series(2, :assemblies / 10) n"""

_LARGE = (
    *("crobot.jobs", "crobot.attempts", "crobot.settlements", "crobot.nodes", "system.user_jobs"),
    *("crobot.jobs_past", "crobot.attempts_past", "crobot.settlements_past", "crobot.past_answers"),
    *("system.user_uploads", "system.upload_files"),
    *("system.user_preferences", "strains", "traces", "assemblies", "trace_assembly", "assembly_lookup"),
    *("annotations", "alleles", "sequence_types"),
    *("crobot.batches", "crobot.batch_slices", "crobot.batch_items", "crobot.batch_resends"),
    *("crobot.webhooks", "crobot.deliveries", "crobot.changes"),
)
_NUMBERS = "SELECT setval(pg_get_serial_sequence('{}', 'id'), (SELECT max(id) FROM {}))"
_NUMBERED = (
    "assemblies",
    "assembly_lookup",
    "strains",
    "traces",
    "system.user_uploads",
    "system.upload_files",
)


def fill(jobs: int) -> None:
    """Fill the database that `db` is connected to; it has the species senterica, and nothing else."""
    with dbhandle[SPECIES].session() as session:
        alleles = [(locus, 1, "ACGTACGT") for locus in LOCI]
        import_scheme(session, "achtman", SCHEME, SCHEME, LOCI, alleles, [(1, [1] * len(LOCI))])
        session.commit()
    with Session(engine()) as session:
        # as a restore does: what is known to be right is not checked row by row
        session.execute(text("SET session_replication_role = replica"))
        session.execute(text(f"SET search_path = {SPECIES}, public"))
        _fill(session, jobs)
        session.execute(text("RESET ALL"))
        session.commit()
    with engine().execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"SET search_path = {SPECIES}"))
        connection.execute(text(f"VACUUM (ANALYZE) {', '.join(_LARGE)}"))


def _fill(session: Session, jobs: int) -> None:
    values = {
        "jobs": jobs,
        "live": LIVE,
        "rare": RARE,
        "nodes": NODES,
        "pace_s": PACE_S,
        "assemblies": jobs // 20,
    }
    partitions.make(session, range(jobs // 2 + 1))
    for statements in (
        _NODES,
        _JOBS,
        _ATTEMPTS,
        _SETTLEMENTS,
        _CHORDS,
        _MESSAGES,
        _BATCHES,
        _WEBHOOKS,
        _CHANGES,
        _SMALL,
        _USER_JOBS,
        _PREFERENCES,
        _UPLOADS,
        _SPECIES,
        _PAST,
    ):
        for statement in statements.split(";"):
            session.execute(text(statement.replace("::", "\\:\\:")), values)
    for table in _NUMBERED:
        session.execute(text(_NUMBERS.format(table, table)))
