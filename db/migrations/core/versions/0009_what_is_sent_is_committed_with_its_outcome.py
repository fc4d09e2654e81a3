"""Each send owes a result of its own; what it sends, and what a chord answers, is committed once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)

# What was settled has been continued. A chord was answered if its body had become a job, or if all its results had been
# stored long before.
_CONTINUED = "UPDATE crobot.settlements SET continued_at = settled_at WHERE settled_at IS NOT NULL"
_ANSWERED = """
    UPDATE crobot.chords c SET answered_at = now()
    WHERE EXISTS (
            SELECT FROM crobot.settlements s JOIN crobot.settlements b
              ON b.task_id = s.options->'chord'->'options'->>'task_id'
            WHERE s.chord_id = c.id)
       OR NOT EXISTS (
            SELECT FROM crobot.settlements s JOIN crobot.jobs j ON j.id = s.job_id
            WHERE s.chord_id = c.id AND (j.finished_at IS NULL OR s.settled_at IS NULL
                                         OR s.settled_at > now() - interval '60 seconds'))"""
# Only the newest settlement of a task id can stay.
_OLDER = """
    DELETE FROM crobot.settlements o USING crobot.settlements n
    WHERE n.task_id = o.task_id AND (n.sent_at, n.id) > (o.sent_at, o.id)"""


def upgrade() -> None:
    """Make the change."""
    op.drop_constraint("pk_settlements", "settlements", schema="crobot")
    for column in (
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("sent_at", _TIME, server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("claimed_by", sa.Uuid(), nullable=True),
        sa.Column("continued_at", _TIME, nullable=True),
    ):
        op.add_column("settlements", column, schema="crobot")
    op.create_primary_key(op.f("pk_settlements"), "settlements", ["id"], schema="crobot")
    op.create_index("ix_settlements_task_id", "settlements", ["task_id"], schema="crobot")
    op.execute(_CONTINUED)
    op.add_column("chords", sa.Column("answered_at", _TIME, nullable=True), schema="crobot")
    op.execute(_ANSWERED)
    op.create_index(
        "ix_chords_unanswered",
        "chords",
        ["id"],
        schema="crobot",
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        *(sa.Column(name, postgresql.JSON(), nullable=False) for name in ("args", "kwargs", "options")),
        sa.Column("sent_at", _TIME, server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", _TIME, nullable=True),
        sa.Column("begun_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        schema="crobot",
    )
    op.create_index("ix_messages_sent_at", "messages", ["sent_at"], schema="crobot")
    op.create_index(
        "ix_messages_unpublished",
        "messages",
        ["sent_at"],
        schema="crobot",
        postgresql_where=sa.text("published_at IS NULL"),
    )


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("messages", schema="crobot")
    op.drop_index("ix_chords_unanswered", table_name="chords", schema="crobot")
    op.drop_column("chords", "answered_at", schema="crobot")
    op.execute(_OLDER)
    op.drop_index("ix_settlements_task_id", table_name="settlements", schema="crobot")
    op.drop_constraint("pk_settlements", "settlements", schema="crobot")
    op.create_primary_key(op.f("pk_settlements"), "settlements", ["task_id"], schema="crobot")
    for column in ("continued_at", "claimed_by", "sent_at", "id"):
        op.drop_column("settlements", column, schema="crobot")
