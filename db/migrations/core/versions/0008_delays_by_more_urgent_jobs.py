"""By how much more urgent jobs have delayed a job that a node is reserved for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "jobs",
        sa.Column("delayed_s", sa.Float(), server_default=sa.text("0"), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("jobs", "delayed_s", schema="crobot")
