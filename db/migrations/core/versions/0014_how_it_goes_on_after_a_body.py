"""How it goes on after a job's body: what took its place, and what it sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column("jobs", sa.Column("replacement", JSON(), nullable=True), schema="crobot")
    op.add_column("jobs", sa.Column("children", JSON(), nullable=True), schema="crobot")
    op.add_column(
        "chords",
        sa.Column("grown", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("chords", "grown", schema="crobot")
    for column in ("children", "replacement"):
        op.drop_column("jobs", column, schema="crobot")
