"""What was revoked before it was sent, and the stamps by which jobs are revoked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "revoked",
        sa.Column("header", sa.Text(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("header", "value", name=op.f("pk_revoked")),
        schema="crobot",
    )
    op.create_index("ix_revoked_revoked_at", "revoked", ["revoked_at"], schema="crobot")
    op.add_column(
        "settlements",
        sa.Column("stamps", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        schema="crobot",
    )
    op.create_index(
        "ix_settlements_stamps",
        "settlements",
        ["stamps"],
        schema="crobot",
        postgresql_using="gin",
        postgresql_ops={"stamps": "jsonb_path_ops"},
        postgresql_where=sa.text("stamps IS NOT NULL AND settled_at IS NULL"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_settlements_stamps", table_name="settlements", schema="crobot")
    op.drop_column("settlements", "stamps", schema="crobot")
    op.drop_table("revoked", schema="crobot")
