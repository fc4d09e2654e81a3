"""What a change by the HTTP API was about, if it is no job: the name of a batch, the number of an analysis."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.add_column(
        "changes", sa.Column("about", sa.Text(), server_default="", nullable=False), schema="crobot"
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_column("changes", "about", schema="crobot")
