"""Tokens of the HTTP API, answers to requests that may come again, and who changed what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NOW = sa.text("now()")


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("workgroup", sa.Text(), server_default="", nullable=False),
        sa.Column("scopes", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("sha256"),
        schema="crobot",
    )
    op.create_table(
        "kept_answers",
        sa.Column(
            "token_id",
            sa.Integer(),
            sa.ForeignKey("crobot.api_tokens.id", ondelete="CASCADE"),
            primary_key=True,
            nullable=False,
        ),
        sa.Column("key", sa.Text(), primary_key=True, nullable=False),
        sa.Column("request_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("answer", postgresql.JSON(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        schema="crobot",
    )
    op.create_index("ix_kept_answers_kept_at", "kept_answers", ["kept_at"], schema="crobot")
    op.create_table(
        "changes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("token_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("job_ids", postgresql.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        schema="crobot",
    )
    op.create_index("ix_changes_job_ids", "changes", ["job_ids"], schema="crobot", postgresql_using="gin")


def downgrade() -> None:
    """Undo the change."""
    for table in ("changes", "kept_answers", "api_tokens"):
        op.drop_table(table, schema="crobot")
