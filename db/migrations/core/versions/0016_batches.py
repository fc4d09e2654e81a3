"""Batches, their slices, items and callbacks; jobs of a batch are found by state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSON

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_LIVE = "state IN ('WAITING', 'ROUTED', 'RUNNING')"
_OVER = "state IN ('COMPLETE', 'FAILED', 'CANCELLED')"


def _time(name: str, default: str | None = None) -> sa.Column[sa.DateTime]:
    default_text = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default_text, nullable=default is None)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _of_batch(primary: bool = True) -> sa.Column[int]:
    return sa.Column(
        "batch_id",
        sa.Integer(),
        sa.ForeignKey("crobot.batches.id", ondelete="CASCADE"),
        primary_key=primary,
        nullable=False,
    )


def upgrade() -> None:
    """Make the change."""
    _batches()
    _slices_and_items()
    _callbacks()
    op.drop_index("ix_jobs_batch", "jobs", schema="crobot")
    op.create_index(
        "ix_jobs_live_batch", "jobs", ["batch", "id"], schema="crobot",
        postgresql_where=sa.text(f"batch <> '' AND {_LIVE}"),
    )  # fmt: skip
    op.create_index(
        "ix_jobs_over_batch", "jobs", ["batch", "state", "id"], schema="crobot",
        postgresql_where=sa.text(f"batch <> '' AND {_OVER}"),
    )  # fmt: skip


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("database", sa.Text()),
        sa.Column("shared", JSON(), nullable=False),
        _text("chosen_by"),
        sa.Column("user_id", sa.Integer(), server_default="0", nullable=False),
        _text("workgroup"),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.Integer(), server_default="0", nullable=False),
        sa.Column("live_limit", sa.Integer(), nullable=False),
        sa.Column("slice_size", sa.Integer(), nullable=False),
        sa.Column("max_failures", sa.Integer()),
        sa.Column("max_failed_share", sa.Float()),
        sa.Column("forgiven", sa.Integer(), server_default="0", nullable=False),
        _time("created_at", "now()"),
        *(_time(name) for name in ("made_at", "paused_at")),
        _text("pause_reason"),
        *(_time(name) for name in ("cancelled_at", "ended_at")),
        sa.CheckConstraint("live_limit > 0 AND slice_size > 0", name="sends_something"),
        schema="crobot",
    )
    op.create_index(
        "ix_batches_open", "batches", ["id"], schema="crobot", postgresql_where=sa.text("ended_at IS NULL")
    )


def _slices_and_items() -> None:
    op.create_table(
        "batch_slices",
        _of_batch(),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("first_item", sa.Integer(), nullable=False),
        sa.Column("last_item", sa.Integer(), nullable=False),
        _time("sent_at", "now()"),
        _time("closed_at"),
        sa.Column("ends", JSON()),
        schema="crobot",
    )
    op.create_index(
        "ix_batch_slices_open", "batch_slices", ["batch_id", "number"], schema="crobot",
        postgresql_where=sa.text("closed_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "batch_items",
        _of_batch(),
        sa.Column("number", sa.Integer(), primary_key=True),
        _text("key"),
        sa.Column("call", JSON()),
        sa.Column("job_id", sa.BigInteger()),
        sa.Column("cached", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _text("skipped"),
        schema="crobot",
    )
    op.create_index(
        "uq_batch_items_key", "batch_items", ["batch_id", "key"], unique=True, schema="crobot",
        postgresql_where=sa.text("key <> ''"),
    )  # fmt: skip


def _callbacks() -> None:
    op.create_table(
        "batch_callbacks",
        sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True),
        _of_batch(primary=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("call", JSON(), nullable=False),
        _time("sent_at"),
        schema="crobot",
    )
    op.create_index(
        "ix_batch_callbacks_open", "batch_callbacks", ["batch_id"], schema="crobot",
        postgresql_where=sa.text("sent_at IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_jobs_over_batch", "jobs", schema="crobot")
    op.drop_index("ix_jobs_live_batch", "jobs", schema="crobot")
    op.create_index(
        "ix_jobs_batch", "jobs", ["batch", "id"], schema="crobot", postgresql_where=sa.text("batch <> ''")
    )
    for table in ("batch_callbacks", "batch_items", "batch_slices", "batches"):
        op.drop_table(table, schema="crobot")
