"""What a sender's message says of a job, how far its body says it is, and where it failed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "jobs",
        sa.Column("request", JSON(), server_default=sa.text("'{}'"), nullable=False),
        schema="crobot",
    )
    op.alter_column("jobs", "request", server_default=None, schema="crobot")
    op.add_column("jobs", sa.Column("traceback", sa.Text(), nullable=True), schema="crobot")
    op.add_column("attempts", sa.Column("progress_state", sa.Text(), nullable=True), schema="crobot")
    op.add_column("attempts", sa.Column("progress", JSON(), nullable=True), schema="crobot")


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("attempts", "progress", schema="crobot")
    op.drop_column("attempts", "progress_state", schema="crobot")
    op.drop_column("jobs", "traceback", schema="crobot")
    op.drop_column("jobs", "request", schema="crobot")
