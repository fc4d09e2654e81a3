"""jobs, nodes, species and the system tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "hearing",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_hearing_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing")),
        schema="crobot",
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), server_default="", nullable=False),
        sa.Column("tag", sa.Text(), server_default="", nullable=False),
        sa.Column("database", sa.Text(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("workgroup", sa.Text(), server_default="", nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("args", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("kwargs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("context", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("cores", sa.SmallInteger(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
        sa.Column("time_limit_s", sa.Integer(), nullable=False),
        sa.Column("expected_s", sa.Double(), nullable=False),
        sa.Column("same_key", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "WAITING",
                "ROUTED",
                "RUNNING",
                "COMPLETE",
                "FAILED",
                "CANCELLED",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=32,
                schema="crobot",
            ),
            server_default="WAITING",
            nullable=False,
        ),
        sa.Column("attempt", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("max_attempts", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "available_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("node", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("result", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("output_location", sa.Text(), nullable=True),
        sa.CheckConstraint("cores > 0", name=op.f("ck_jobs_cores_positive")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        schema="crobot",
    )
    op.create_index(
        "ix_jobs_on_node",
        "jobs",
        ["node"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("state IN ('ROUTED', 'RUNNING')"),
    )
    op.create_index("ix_jobs_tag", "jobs", ["tag"], unique=False, schema="crobot")
    op.create_index(
        "ix_jobs_waiting",
        "jobs",
        ["pipeline", "version", "priority", "id"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("state = 'WAITING'"),
    )
    op.create_index(
        "uq_jobs_same_key_live",
        "jobs",
        ["same_key"],
        unique=True,
        schema="crobot",
        postgresql_where=sa.text("state IN ('WAITING', 'ROUTED', 'RUNNING')"),
    )
    op.create_table(
        "nodes",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Text(), nullable=False),
        sa.Column("beat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cores", sa.SmallInteger(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("disk_bytes", sa.BigInteger(), nullable=False),
        sa.Column("pipelines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("missing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("queued", sa.Integer(), server_default="0", nullable=False),
        sa.Column("software", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "heartbeat_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("lost_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drain_reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_nodes")),
        schema="crobot",
    )
    op.create_table(
        "species",
        sa.Column("name", sa.Text(), nullable=False, comment="of the schema"),
        sa.Column("label", sa.Text(), nullable=False, comment="for people"),
        sa.Column("genus", sa.Text(), nullable=False, comment="decides the QA thresholds"),
        sa.Column("barcode_prefix", sa.Text(), nullable=False),
        sa.Column(
            "references",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
            comment="absolute paths of the genomes of the species check",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("barcode_prefix ~ '^[A-Z]{3}$'", name=op.f("ck_species_barcode_prefix")),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9_]{1,30}$'", name=op.f("ck_species_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_species")),
        sa.UniqueConstraint("barcode_prefix", name=op.f("uq_species_barcode_prefix")),
        schema="crobot",
    )
    op.create_table(
        "user_jobs",
        sa.Column(
            "job_id",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="the number in crobot.jobs",
        ),
        sa.Column("accession", sa.Text(), nullable=False, comment="the job's tag: what it is for"),
        sa.Column("user_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), nullable=False, comment="as CRobot reports it"),
        sa.Column("date_sent", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("database", sa.Text(), nullable=False, comment="the species"),
        sa.Column("output_location", sa.Text(), nullable=True, comment="assemblies only"),
        sa.Column("version", sa.Text(), server_default="", nullable=False, comment="of the pipeline"),
        sa.Column(
            "pipeline", sa.Text(), nullable=False, comment="the job's type; what follows a ';' is a comment"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_user_jobs")),
        schema="system",
    )
    op.create_index(
        op.f("ix_user_jobs_database_accession"),
        "user_jobs",
        ["database", "accession"],
        unique=False,
        schema="system",
    )
    op.create_index(
        op.f("ix_user_jobs_user_id_date_sent"),
        "user_jobs",
        ["user_id", "date_sent"],
        unique=False,
        schema="system",
    )
    op.create_table(
        "user_preferences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("database", sa.Text(), nullable=True, comment="the species"),
        sa.Column("type", sa.Text(), nullable=False, comment="which setting or analysis"),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_preferences")),
        schema="system",
    )
    op.create_index(
        op.f("ix_user_preferences_user_id_type"),
        "user_preferences",
        ["user_id", "type"],
        unique=False,
        schema="system",
    )
    op.create_table(
        "user_uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("database", sa.Text(), nullable=False, comment="the species"),
        sa.Column("type", sa.Text(), server_default="reads", nullable=False),
        sa.Column("status", sa.Text(), server_default="Awaiting Upload", nullable=False),
        sa.Column(
            "file_names",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="[]",
            nullable=False,
            comment="read1, read2",
        ),
        sa.Column("file_location", sa.Text(), nullable=True, comment="the folder of the files"),
        sa.Column(
            "data",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
            comment="the strain's metadata",
        ),
        sa.Column(
            "date_uploaded", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_uploads")),
        schema="system",
    )
    op.create_index(
        op.f("ix_user_uploads_user_id_database"),
        "user_uploads",
        ["user_id", "database"],
        unique=False,
        schema="system",
    )
    op.create_table(
        "attempts",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("node", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("cores", sa.SmallInteger(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("routed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("usage", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("reports_ignored", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["crobot.jobs.id"], name=op.f("fk_attempts_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "number", name=op.f("pk_attempts")),
        schema="crobot",
    )
    op.create_index(
        "ix_attempts_live",
        "attempts",
        ["node"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "settlements",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("options", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("ignore_result", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["crobot.jobs.id"],
            name=op.f("fk_settlements_job_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_settlements")),
        schema="crobot",
    )
    op.create_index("ix_settlements_job_id", "settlements", ["job_id"], unique=False, schema="crobot")
    op.create_index(
        "ix_settlements_owed",
        "settlements",
        ["job_id"],
        unique=False,
        schema="crobot",
        postgresql_where=sa.text("settled_at IS NULL"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_index(
        "ix_settlements_owed",
        table_name="settlements",
        schema="crobot",
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.drop_index("ix_settlements_job_id", table_name="settlements", schema="crobot")
    op.drop_table("settlements", schema="crobot")
    op.drop_index(
        "ix_attempts_live",
        table_name="attempts",
        schema="crobot",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("attempts", schema="crobot")
    op.drop_index(op.f("ix_user_uploads_user_id_database"), table_name="user_uploads", schema="system")
    op.drop_table("user_uploads", schema="system")
    op.drop_index(op.f("ix_user_preferences_user_id_type"), table_name="user_preferences", schema="system")
    op.drop_table("user_preferences", schema="system")
    op.drop_index(op.f("ix_user_jobs_user_id_date_sent"), table_name="user_jobs", schema="system")
    op.drop_index(op.f("ix_user_jobs_database_accession"), table_name="user_jobs", schema="system")
    op.drop_table("user_jobs", schema="system")
    op.drop_table("species", schema="crobot")
    op.drop_table("nodes", schema="crobot")
    op.drop_index(
        "uq_jobs_same_key_live",
        table_name="jobs",
        schema="crobot",
        postgresql_where=sa.text("state IN ('WAITING', 'ROUTED', 'RUNNING')"),
    )
    op.drop_index(
        "ix_jobs_waiting", table_name="jobs", schema="crobot", postgresql_where=sa.text("state = 'WAITING'")
    )
    op.drop_index("ix_jobs_tag", table_name="jobs", schema="crobot")
    op.drop_index(
        "ix_jobs_on_node",
        table_name="jobs",
        schema="crobot",
        postgresql_where=sa.text("state IN ('ROUTED', 'RUNNING')"),
    )
    op.drop_table("jobs", schema="crobot")
    op.drop_table("hearing", schema="crobot")
