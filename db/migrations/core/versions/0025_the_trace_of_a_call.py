"""The trace that a call belongs to, in the job's row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    # nullable and without a default, so that a table of millions of jobs is not written anew
    op.add_column("jobs", sa.Column("traceparent", sa.Text(), nullable=True), schema="crobot")


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("jobs", "traceparent", schema="crobot")
