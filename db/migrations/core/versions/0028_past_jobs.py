"""Tables of past jobs, partitioned by ranges of numbers, and views that show them with the others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

#: table → the columns of its primary key; the first one is what it is partitioned by
KEYS = {"jobs": ("id",), "attempts": ("job_id", "number"), "settlements": ("job_id", "id")}

INDEXES = {
    "ix_jobs_past_user_id": "jobs_past (user_id, state, id)",
    "ix_jobs_past_workgroup": "jobs_past (workgroup, state, id)",
    "ix_jobs_past_pipeline": "jobs_past (pipeline, state, id)",
    "ix_jobs_past_database": "jobs_past (database, state, id)",
    "ix_jobs_past_node": "jobs_past (node, state, id)",
    "ix_jobs_past_state": "jobs_past (state, id)",
    "ix_jobs_past_tag": "jobs_past (tag)",
    "ix_jobs_past_batch": "jobs_past (batch, state, id) WHERE batch <> ''",
    "ix_jobs_past_failed_outcome": "jobs_past (outcome, state, id) WHERE state = 'FAILED'",
    "ix_jobs_past_resent_from": (
        "jobs_past (CAST(context ->> 'resent_from' AS bigint)) WHERE context ->> 'resent_from' IS NOT NULL"
    ),
    "ix_attempts_past_ended": "attempts_past (ended_at)",
    "ix_settlements_past_task_id": "settlements_past (task_id)",
}


def upgrade() -> None:
    """Make the change. Partitions are made by whoever moves jobs; the hot tables are left as they are."""
    for table, key in KEYS.items():
        op.execute(
            f"CREATE TABLE crobot.{table}_past (LIKE crobot.{table}, CONSTRAINT pk_{table}_past "
            f"PRIMARY KEY ({', '.join(key)})) PARTITION BY RANGE ({key[0]})"
        )
    for name, columns in INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON crobot.{columns}")
    for table in KEYS:
        op.execute(
            f"CREATE VIEW crobot.all_{table} AS "
            f"SELECT * FROM crobot.{table} UNION ALL SELECT * FROM crobot.{table}_past"
        )
    op.create_table(
        "past_answers",
        sa.Column("cache_key", sa.Text(), primary_key=True, nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("context", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        schema="crobot",
    )
    op.create_index("ix_past_answers_job_id", "past_answers", ["job_id"], schema="crobot")


def downgrade() -> None:
    """Undo the change: past jobs become hot ones again."""
    op.drop_table("past_answers", schema="crobot")
    for table in KEYS:
        op.execute(f"DROP VIEW crobot.all_{table}")
        op.execute(f"INSERT INTO crobot.{table} OVERRIDING SYSTEM VALUE SELECT * FROM crobot.{table}_past")
    for table in KEYS:
        op.drop_table(f"{table}_past", schema="crobot")
