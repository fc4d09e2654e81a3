"""placement, control and history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "accounting",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("folded_to", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_accounting_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounting")),
        schema="crobot",
    )
    op.create_table(
        "chords",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chords")),
        schema="crobot",
    )
    op.create_index("ix_chords_sent_at", "chords", ["sent_at"], unique=False, schema="crobot")
    op.create_table(
        "pauses",
        sa.Column(
            "kind",
            sa.Enum(
                "pipeline",
                "species",
                "all",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=32,
                schema="crobot",
            ),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_pauses")),
        schema="crobot",
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
        schema="crobot",
    )
    op.create_table(
        "shares",
        sa.Column("workgroup", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("used", sa.Double(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("workgroup", "user_id", name=op.f("pk_shares")),
        schema="crobot",
    )
    op.create_table(
        "typical",
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("expected_s", sa.Double(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        sa.Column("run_s", sa.Double(), nullable=False),
        sa.Column("run_p90_s", sa.Double(), nullable=False),
        sa.Column("peak_memory_bytes", sa.BigInteger(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "version", "expected_s", name=op.f("pk_typical")),
        schema="crobot",
    )
    op.add_column(
        "attempts",
        sa.Column("by_head", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="crobot",
    )
    op.create_index(
        "ix_attempts_ended",
        "attempts",
        ["ended_at"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_index(
        "ix_attempts_node_ended",
        "attempts",
        ["node", "ended_at"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.add_column(
        "hearing", sa.Column("results_seen_at", sa.DateTime(timezone=True), nullable=True), schema="crobot"
    )
    op.add_column(
        "hearing", sa.Column("results_run", sa.Text(), server_default="", nullable=False), schema="crobot"
    )
    op.add_column("jobs", sa.Column("batch", sa.Text(), server_default="", nullable=False), schema="crobot")
    op.add_column(
        "jobs",
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        schema="crobot",
    )
    op.add_column("jobs", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True), schema="crobot")
    op.add_column(
        "jobs", sa.Column("hold_reason", sa.Text(), server_default="", nullable=False), schema="crobot"
    )
    op.add_column("jobs", sa.Column("reserved_on", sa.Text(), nullable=True), schema="crobot")
    op.execute("UPDATE crobot.jobs SET user_id = 0 WHERE user_id IS NULL")
    op.alter_column(
        "jobs", "user_id", existing_type=sa.INTEGER(), server_default="0", nullable=False, schema="crobot"
    )
    op.drop_index(
        op.f("ix_jobs_waiting"),
        table_name="jobs",
        schema="crobot",
        postgresql_where="((state)::text = 'WAITING'::text)",
    )
    op.create_index(
        "ix_jobs_batch",
        "jobs",
        ["batch", "id"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("batch <> ''"),
    )
    op.create_index(
        "ix_jobs_expiring",
        "jobs",
        ["expires_at"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_index(
        "ix_jobs_lines",
        "jobs",
        ["priority", "workgroup", "user_id", "pipeline", "version", "id"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("state = 'WAITING' AND held_at IS NULL"),
    )
    op.create_index(
        "ix_jobs_reserved",
        "jobs",
        ["id"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("state = 'WAITING' AND reserved_on IS NOT NULL"),
    )
    op.drop_column("jobs", "max_attempts", schema="crobot")
    op.add_column(
        "nodes",
        sa.Column("tags", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        schema="crobot",
    )
    op.add_column(
        "nodes",
        sa.Column("holds", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False),
        schema="crobot",
    )
    op.add_column(
        "nodes", sa.Column("reads", sa.SmallInteger(), server_default="1", nullable=False), schema="crobot"
    )
    op.add_column(
        "nodes", sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=True), schema="crobot"
    )
    op.add_column(
        "nodes", sa.Column("quarantine_reason", sa.Text(), server_default="", nullable=False), schema="crobot"
    )
    op.add_column(
        "nodes",
        sa.Column("trusted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        schema="crobot",
    )
    op.add_column("settlements", sa.Column("chord_id", sa.Text(), nullable=True), schema="crobot")
    op.create_index(
        "ix_settlements_chord_id",
        "settlements",
        ["chord_id"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("chord_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index(
        "ix_settlements_chord_id",
        table_name="settlements",
        schema="crobot",
        postgresql_where=sa.text("chord_id IS NOT NULL"),
    )
    op.drop_column("settlements", "chord_id", schema="crobot")
    op.drop_column("nodes", "trusted_at", schema="crobot")
    op.drop_column("nodes", "quarantine_reason", schema="crobot")
    op.drop_column("nodes", "quarantined_at", schema="crobot")
    op.drop_column("nodes", "reads", schema="crobot")
    op.drop_column("nodes", "holds", schema="crobot")
    op.drop_column("nodes", "tags", schema="crobot")
    op.add_column(
        "jobs",
        sa.Column(
            "max_attempts",
            sa.SMALLINT(),
            server_default=sa.text("'3'::smallint"),
            autoincrement=False,
            nullable=False,
        ),
        schema="crobot",
    )
    op.drop_index(
        "ix_jobs_reserved",
        table_name="jobs",
        schema="crobot",
        postgresql_where=sa.text("state = 'WAITING' AND reserved_on IS NOT NULL"),
    )
    op.drop_index(
        "ix_jobs_lines",
        table_name="jobs",
        schema="crobot",
        postgresql_where=sa.text("state = 'WAITING' AND held_at IS NULL"),
    )
    op.drop_index(
        "ix_jobs_expiring", table_name="jobs", schema="crobot", postgresql_where=sa.text("state = 'WAITING'")
    )
    op.drop_index(
        "ix_jobs_batch", table_name="jobs", schema="crobot", postgresql_where=sa.text("batch <> ''")
    )
    op.create_index(
        op.f("ix_jobs_waiting"),
        "jobs",
        ["pipeline", "version", "priority", "id"],
        unique=False,
        schema="crobot",
        postgresql_where="((state)::text = 'WAITING'::text)",
    )
    op.alter_column(
        "jobs", "user_id", existing_type=sa.INTEGER(), server_default=None, nullable=True, schema="crobot"
    )
    op.drop_column("jobs", "reserved_on", schema="crobot")
    op.drop_column("jobs", "hold_reason", schema="crobot")
    op.drop_column("jobs", "held_at", schema="crobot")
    op.drop_column("jobs", "data", schema="crobot")
    op.drop_column("jobs", "batch", schema="crobot")
    op.drop_column("hearing", "results_run", schema="crobot")
    op.drop_column("hearing", "results_seen_at", schema="crobot")
    op.drop_index(
        "ix_attempts_node_ended",
        table_name="attempts",
        schema="crobot",
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_attempts_ended",
        table_name="attempts",
        schema="crobot",
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.drop_column("attempts", "by_head", schema="crobot")
    op.drop_table("typical", schema="crobot")
    op.drop_table("shares", schema="crobot")
    op.drop_table("policies", schema="crobot")
    op.drop_table("pauses", schema="crobot")
    op.drop_index("ix_chords_sent_at", table_name="chords", schema="crobot")
    op.drop_table("chords", schema="crobot")
    op.drop_table("accounting", schema="crobot")
