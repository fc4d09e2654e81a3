"""How many messages to plain tasks lie in their queue while no worker reads it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "monitoring",
        sa.Column("unread_callbacks", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("monitoring", "unread_callbacks", schema="crobot")
