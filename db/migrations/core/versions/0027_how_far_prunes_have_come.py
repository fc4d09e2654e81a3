"""How far heads have come with removing what is old."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "prunings",
        sa.Column("kind", sa.Text(), primary_key=True, nullable=False),
        sa.Column("done_to", sa.DateTime(timezone=True), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("prunings", schema="crobot")
