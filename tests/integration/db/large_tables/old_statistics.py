"""PostgreSQL's statistics as they are after a large batch: from a moment when most of it had just been sent.

They are made anew once a tenth of a table has changed. So for a while, or for good if nothing more is sent, PostgreSQL
believes that a large share of the jobs waits, of which none does.
"""

from __future__ import annotations

from sqlalchemy import text

from db.engine import transaction

#: what comes to such rows later is null in so many of them
NULL = 0.7
#: the states of jobs, and how many were in each
STATES, SHARES = "{WAITING,COMPLETE,ROUTED}", "{0.7,0.29,0.01}"
_NULLABLE = text("""
    SELECT s.tablename AS table_name, s.attname AS name, s.n_distinct FROM pg_stats s
    JOIN pg_attribute a ON a.attrelid = to_regclass('crobot.' || s.tablename) AND a.attname = s.attname
    WHERE s.schemaname = 'crobot' AND NOT a.attnotnull
      AND s.tablename IN ('jobs', 'attempts', 'settlements', 'batch_items', 'messages', 'changes')""")
_NULLS = text("""
    SELECT pg_restore_attribute_stats(
        'schemaname', 'crobot', 'relname', CAST(:table AS text), 'attname', CAST(:name AS text), 'inherited', false,
        'avg_width', 8, 'null_frac', CAST(:nulls AS real), 'n_distinct', CAST(:distinct AS real))""")
_SHARES = text("""
    SELECT pg_restore_attribute_stats(
        'schemaname', 'crobot', 'relname', 'jobs', 'attname', 'state', 'inherited', false,
        'avg_width', 8, 'null_frac', CAST(0 AS real), 'n_distinct', CAST(3 AS real),
        'most_common_vals', CAST(:states AS text), 'most_common_freqs', CAST(:shares AS real[]))""")


def believe_that_most_jobs_wait() -> None:
    """Change what PostgreSQL knows of the tables of the database that `db` is connected to."""
    with transaction() as session:
        for column in session.execute(_NULLABLE).all():
            known = {"table": column.table_name, "name": column.name, "distinct": column.n_distinct}
            session.execute(_NULLS, known | {"nulls": NULL})
        session.execute(_SHARES, {"states": STATES, "shares": SHARES})
