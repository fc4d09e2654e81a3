"""How far the daily updates of each species have come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "daily_updates",
        sa.Column(
            "database",
            sa.Text(),
            sa.ForeignKey("crobot.species.name", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("daily_updates", schema="crobot")
