"""Reports that wait for the storage, and the mark by which heads know that storage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "attempts", sa.Column("unapplied_since", sa.DateTime(timezone=True), nullable=True), schema="crobot"
    )
    op.add_column("attempts", sa.Column("unapplied_reason", sa.Text(), nullable=True), schema="crobot")
    op.create_index(
        "ix_attempts_unapplied",
        "attempts",
        ["unapplied_since"],
        schema="crobot",
        postgresql_where=sa.text("unapplied_since IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "storage",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_storage_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage")),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("storage", schema="crobot")
    op.drop_index("ix_attempts_unapplied", table_name="attempts", schema="crobot")
    op.drop_column("attempts", "unapplied_reason", schema="crobot")
    op.drop_column("attempts", "unapplied_since", schema="crobot")
