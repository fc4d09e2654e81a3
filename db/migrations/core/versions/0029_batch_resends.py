"""Items of batches that are sent again leave the count of their slice, and come back to it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "batch_resends",
        sa.Column(
            "batch_id",
            sa.Integer(),
            sa.ForeignKey("crobot.batches.id", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), primary_key=True, nullable=False),
        sa.Column("slice", sa.Integer(), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change: the slices are counted again."""
    op.execute("""
        UPDATE crobot.batch_slices s SET closed_at = NULL, ends = NULL FROM crobot.batch_resends r
        WHERE s.batch_id = r.batch_id AND s.number = r.slice""")
    op.drop_table("batch_resends", schema="crobot")
