"""Changes that operators make on their pages: by whom, how many jobs, in slices, once for each form."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

COLUMNS = (
    sa.Column("operator", sa.Text(), server_default="", nullable=False),
    sa.Column("detail", sa.Text(), server_default="", nullable=False),
    sa.Column("form", sa.Text(), nullable=True),
    sa.Column("part_of", sa.BigInteger(), nullable=True),
    sa.Column("asked_jobs", sa.Integer(), nullable=True),
    sa.Column("changed_jobs", sa.Integer(), nullable=True),
    sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
)


def upgrade() -> None:
    """Make the change."""
    for column in COLUMNS:
        op.add_column("changes", column, schema="crobot")
    for column in ("token_id", "user_id"):
        op.alter_column("changes", column, nullable=True, schema="crobot")
    op.create_index(
        "uq_changes_form",
        "changes",
        ["form"],
        unique=True,
        schema="crobot",
        postgresql_where=sa.text("form IS NOT NULL"),
    )
    op.create_index(
        "ix_changes_part_of",
        "changes",
        ["part_of"],
        schema="crobot",
        postgresql_where=sa.text("part_of IS NOT NULL"),
    )
    op.create_index(
        "ix_changes_whole", "changes", ["id"], schema="crobot", postgresql_where=sa.text("part_of IS NULL")
    )
    for column in ("operator", "user_id", "action"):
        op.create_index(
            f"ix_changes_{column}",
            "changes",
            [column, "id"],
            schema="crobot",
            postgresql_where=sa.text("part_of IS NULL"),
        )
    # The kinds of failure by which pages select jobs; few jobs fail, so it is small.
    op.create_index(
        "ix_jobs_failed_outcome",
        "jobs",
        ["outcome", "state", "id"],
        schema="crobot",
        postgresql_where=sa.text("state = 'FAILED'"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_jobs_failed_outcome", "jobs", schema="crobot")
    # An older version knows no change without a token.
    op.execute("DELETE FROM crobot.changes WHERE token_id IS NULL")
    for column in ("whole", "operator", "user_id", "action"):
        op.drop_index(f"ix_changes_{column}", "changes", schema="crobot")
    for column in ("token_id", "user_id"):
        op.alter_column("changes", column, nullable=False, schema="crobot")
    for column in COLUMNS:
        op.drop_column("changes", column.name, schema="crobot")
