"""Outcomes that are posted to web apps: who wants which, deliveries, secrets, and addresses that are switched off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
TIME = sa.DateTime(timezone=True)


def _kind() -> sa.Enum:
    return sa.Enum(
        "job", "analysis", "batch", name="kind", native_enum=False, create_constraint=True, length=32
    )


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True, nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("ordered_at", TIME, server_default=NOW, nullable=False),
        schema="crobot",
    )
    op.create_index(
        "uq_webhooks_subject_url", "webhooks", ["kind", "number", "url"], unique=True, schema="crobot"
    )
    op.create_index(
        "ix_webhooks_ordered_at",
        "webhooks",
        ["ordered_at"],
        schema="crobot",
        postgresql_where=sa.text("kind = 'job'"),
    )
    states = sa.Enum(
        "waiting", "delivered", "given_up", "held", name="state", native_enum=False, create_constraint=True,
        length=32,
    )  # fmt: skip
    op.create_table(
        "deliveries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True, nullable=False),
        sa.Column("message_id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("body", postgresql.JSON(), nullable=False),
        sa.Column("state", states, server_default="waiting", nullable=False),
        sa.Column("written_at", TIME, server_default=NOW, nullable=False),
        sa.Column("due_at", TIME, server_default=NOW, nullable=False),
        sa.Column("claim", sa.Uuid()),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("tried_at", TIME),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", TIME),
        schema="crobot",
    )
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["origin", "due_at"],
        schema="crobot",
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_deliveries_subject", "deliveries", ["kind", "number"], schema="crobot")
    op.create_index(
        "ix_deliveries_over",
        "deliveries",
        ["written_at"],
        schema="crobot",
        postgresql_where=sa.text("state <> 'waiting'"),
    )
    op.create_table(
        "webhook_secrets",
        sa.Column("origin", sa.Text(), primary_key=True, nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, server_default=NOW, nullable=False),
        sa.Column("former_secret", sa.Text()),
        sa.Column("former_until", TIME),
        schema="crobot",
    )
    op.create_table(
        "webhooks_off",
        sa.Column("url", sa.Text(), primary_key=True, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("off_at", TIME, server_default=NOW, nullable=False),
        schema="crobot",
    )


def downgrade() -> None:
    """Undo the change."""
    for table in ("webhooks_off", "webhook_secrets", "deliveries", "webhooks"):
        op.drop_table(table, schema="crobot")
