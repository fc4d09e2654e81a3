"""A key by which the result of an earlier job answers a send of the same."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("jobs", sa.Column("answer_key", sa.Text(), nullable=True), schema="crobot")
    op.create_index(
        "ix_jobs_answers",
        "jobs",
        ["answer_key"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("state = 'COMPLETE' AND answer_key IS NOT NULL"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_jobs_answers", table_name="jobs", schema="crobot")
    op.drop_column("jobs", "answer_key", schema="crobot")
