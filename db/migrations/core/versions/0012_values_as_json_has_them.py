"""Arguments, context, results and canvas options as JSON has them: jsonb forgets the order of names, -0.0 and 1e20.

Both tables are written anew, with their indexes, while nobody else reads or writes them: some minutes for a million
jobs.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JOBS = ("args", "kwargs", "context", "result")


def upgrade() -> None:
    """Make the change."""
    op.execute("ALTER TABLE crobot.jobs ALTER context DROP DEFAULT")
    _change("json", "context ->> 'resent_from' IS NOT NULL")


def downgrade() -> None:
    """Undo the change."""
    _change("jsonb", "context ? 'resent_from'")
    op.execute("ALTER TABLE crobot.jobs ALTER context SET DEFAULT '{}'")


def _change(kind: str, resent: str) -> None:
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    op.drop_index("ix_jobs_resent_from", "jobs", schema="crobot")
    # one statement, so that the table is written anew once
    op.execute(f"ALTER TABLE crobot.jobs {', '.join(_to(kind, column) for column in JOBS)}")
    op.execute(f"ALTER TABLE crobot.settlements {_to(kind, 'options')}")
    op.execute(
        "CREATE INDEX ix_jobs_resent_from ON crobot.jobs (CAST(context ->> 'resent_from' AS bigint))"
        f" WHERE {resent}"
    )


def _to(kind: str, column: str) -> str:
    return f"ALTER {column} TYPE {kind} USING CAST({column} AS {kind})"
