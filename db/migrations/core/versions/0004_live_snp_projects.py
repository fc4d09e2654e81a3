"""The SNP projects that go on are found without reading those that are over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_index(
        "ix_user_preferences_live_projects",
        "user_preferences",
        ["database"],
        unique=False,
        schema="system",
        postgresql_where=sa.text("type = 'snp_project' AND NOT data ? 'complete' AND NOT data ? 'failed'"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_user_preferences_live_projects", table_name="user_preferences", schema="system")
