"""Which transaction changed a job last, for streams of events; and tickets that open such a stream once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

TRANSACTION = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"


def upgrade() -> None:
    """Make the change."""
    # The default comes after the column, so that a table of millions of jobs is not written anew.
    op.add_column("jobs", sa.Column("changed_in", sa.BigInteger(), nullable=True), schema="crobot")
    op.alter_column("jobs", "changed_in", server_default=sa.text(TRANSACTION), schema="crobot")
    op.create_index(
        "ix_jobs_changed_in",
        "jobs",
        ["changed_in"],
        schema="crobot",
        postgresql_where=sa.text("changed_in IS NOT NULL"),
    )
    # A trigger, so that heads of the version before, and people with psql, note their changes, too.
    op.execute(f"""
        CREATE FUNCTION crobot.note_changed_in() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN NEW.changed_in := {TRANSACTION}; RETURN NEW; END$$""")
    op.execute("""
        CREATE TRIGGER jobs_changed_in BEFORE UPDATE ON crobot.jobs
        FOR EACH ROW EXECUTE FUNCTION crobot.note_changed_in()""")
    op.create_table(
        "event_tickets",
        sa.Column("sha256", sa.LargeBinary(), primary_key=True, nullable=False),
        sa.Column(
            "token_id",
            sa.Integer(),
            sa.ForeignKey("crobot.api_tokens.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        schema="crobot",
    )
    op.create_index("ix_event_tickets_expires_at", "event_tickets", ["expires_at"], schema="crobot")


def downgrade() -> None:
    """Undo the change."""
    op.drop_table("event_tickets", schema="crobot")
    op.execute("DROP TRIGGER jobs_changed_in ON crobot.jobs")
    op.execute("DROP FUNCTION crobot.note_changed_in()")
    op.drop_column("jobs", "changed_in", schema="crobot")
