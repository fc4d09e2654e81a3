"""One word for each idea: a table and columns get the names that the glossary has.

Nodes know no table, and messages keep their names, so nodes of the version before work on during the upgrade.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FORMER_TABLE, TABLE = "hearing", "monitoring"
CONSTRAINTS = (("pk_hearing", "pk_monitoring"), ("ck_hearing_one_row", "ck_monitoring_one_row"))

#: table, former name, name
COLUMNS = (
    ("jobs", "same_key", "unique_key"),
    ("jobs", "answer_key", "cache_key"),
    ("nodes", "holds", "local_data"),
    ("nodes", "missing", "unavailable"),
    ("nodes", "reads", "message_format"),
    ("monitoring", "since", "heartbeats_since"),
    ("monitoring", "last_at", "heartbeats_read_at"),
)
INDEXES = (
    ("uq_jobs_same_key_live", "uq_jobs_unique_key_live"),
    ("ix_jobs_answers", "ix_jobs_cache_key"),
)


def upgrade() -> None:
    """Make the change."""
    op.rename_table(FORMER_TABLE, TABLE, schema="crobot")
    for former, name in CONSTRAINTS:
        op.execute(f"ALTER TABLE crobot.{TABLE} RENAME CONSTRAINT {former} TO {name}")
    for table, former, name in COLUMNS:
        op.alter_column(table, former, new_column_name=name, schema="crobot")
    for former, name in INDEXES:
        op.execute(f"ALTER INDEX crobot.{former} RENAME TO {name}")


def downgrade() -> None:
    """Undo the change."""
    for former, name in INDEXES:
        op.execute(f"ALTER INDEX crobot.{name} RENAME TO {former}")
    for table, former, name in COLUMNS:
        op.alter_column(table, name, new_column_name=former, schema="crobot")
    for former, name in CONSTRAINTS:
        op.execute(f"ALTER TABLE crobot.{TABLE} RENAME CONSTRAINT {name} TO {former}")
    op.rename_table(TABLE, FORMER_TABLE, schema="crobot")
