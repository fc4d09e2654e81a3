"""Uploads of users: what is to become of a pair of files, and the files while they arrive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NOW = sa.text("now()")
STATES = ("uploading", "uploaded", "checked", "refused", "expired", "withdrawn")


def upgrade() -> None:
    """Make the change."""
    table = {"table_name": "user_uploads", "schema": "system"}
    columns = (
        sa.Column("strain", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "request",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="of the job to be: workgroup, batch, priority, params",
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="why it is refused"),
        sa.Column("job_id", sa.BigInteger(), comment="the assembly job"),
        sa.Column("expires_at", sa.DateTime(timezone=True), comment="until it is sent"),
    )
    for column in columns:
        op.add_column(column=column, **table)
    op.create_index("ix_user_uploads_user_id_id", "user_uploads", ["user_id", "id"], schema="system")
    op.create_index(
        "ix_user_uploads_expiring",
        "user_uploads",
        ["expires_at"],
        schema="system",
        postgresql_where=sa.text("expires_at IS NOT NULL"),
    )
    op.create_index(
        "ix_user_uploads_open",
        "user_uploads",
        ["user_id"],
        schema="system",
        postgresql_where=sa.text("status IN ('uploading', 'refused')"),
    )
    op.create_table(
        "upload_files",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True, nullable=False),
        sa.Column(
            "upload_id",
            sa.Integer(),
            sa.ForeignKey("system.user_uploads.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("mate", sa.SmallInteger(), nullable=False, comment="1 or 2"),
        sa.Column("name", sa.Text(), nullable=False, comment="as the user calls it"),
        sa.Column("length", sa.BigInteger(), nullable=False, comment="bytes to come"),
        sa.Column(
            "received",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="bytes that are on the disk",
        ),
        sa.Column("sha256_given", sa.LargeBinary(), comment="what the user says"),
        sa.Column(
            "sha256_later",
            sa.Boolean(),
            server_default=sa.text("false"),
            nullable=False,
            comment="the user is yet to say",
        ),
        sa.Column("sha256", sa.LargeBinary(), comment="what it is"),
        sa.Column("reads", sa.BigInteger()),
        sa.Column(
            "state",
            sa.Enum(*STATES, name="state", native_enum=False, create_constraint=True, length=32),
            server_default="uploading",
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), server_default="", nullable=False, comment="why it is refused"),
        sa.Column(
            "is_stored",
            sa.Boolean(),
            server_default=sa.text("true"),
            nullable=False,
            comment="its bytes take space",
        ),
        sa.Column("writer", sa.Text(), comment="who writes or checks it"),
        sa.Column("writer_at", sa.DateTime(timezone=True), comment="when the writer was last at work"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        schema="system",
    )
    for name, names, where, unique in (
        ("live", ["upload_id", "mate"], "state IN ('uploading', 'uploaded', 'checked')", True),
        ("upload_id", ["upload_id"], None, False),
        ("user_id_sha256", ["user_id", "sha256"], "sha256 IS NOT NULL", False),
        ("uploaded", ["id"], "state = 'uploaded'", False),
        ("to_remove", ["id"], "is_stored AND state IN ('refused', 'expired', 'withdrawn')", False),
    ):
        op.create_index(
            f"ix_upload_files_{name}",
            "upload_files",
            names,
            unique=unique,
            schema="system",
            postgresql_where=None if where is None else sa.text(where),
        )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("upload_files", schema="system")
    for name in ("open", "expiring", "user_id_id"):
        op.drop_index(f"ix_user_uploads_{name}", table_name="user_uploads", schema="system")
    for name in ("strain", "request", "reason", "job_id", "expires_at"):
        op.drop_column("user_uploads", name, schema="system")
