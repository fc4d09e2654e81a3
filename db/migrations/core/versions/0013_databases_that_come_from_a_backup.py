"""How far numbers have come, and when the database was found to be older than others knew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "numbers",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("dispatches", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("restores", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unsure_to", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("attempt_floor", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_numbers_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbers")),
        schema="crobot",
    )
    op.create_table(
        "restores",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("noticed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("first_job", sa.BigInteger(), nullable=False),
        sa.Column("last_job", sa.BigInteger(), nullable=False),
        sa.Column("dispatches", sa.BigInteger(), nullable=False),
        sa.Column("reports", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restores")),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("restores", schema="crobot")
    op.drop_table("numbers", schema="crobot")
