"""How long jobs waited and ran, how attempts ended, and which reports nodes keep: counted for monitoring."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "durations",
        sa.Column("name", sa.Text(), primary_key=True, nullable=False),
        sa.Column("pipeline", sa.Text(), primary_key=True, nullable=False),
        sa.Column("up_to_s", sa.Float(), primary_key=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("total_s", sa.Float(), nullable=False),
        schema="crobot",
    )
    op.create_table(
        "ends",
        sa.Column("pipeline", sa.Text(), primary_key=True, nullable=False),
        sa.Column("outcome", sa.Text(), primary_key=True, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        schema="crobot",
    )
    op.add_column(
        "nodes",
        sa.Column("pending_reports", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("nodes", "pending_reports", schema="crobot")
    op.drop_table("ends", schema="crobot")
    op.drop_table("durations", schema="crobot")
