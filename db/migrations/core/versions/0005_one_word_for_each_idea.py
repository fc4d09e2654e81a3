"""One word for each idea: columns get the names that the glossary has.

Nodes know no table, and messages keep their names, so nodes of the version before work on during the upgrade.
"""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

#: table, former name, name
COLUMNS = (
    ("jobs", "same_key", "unique_key"),
    ("jobs", "answer_key", "cache_key"),
    ("nodes", "holds", "local_data"),
    ("nodes", "missing", "unavailable"),
    ("nodes", "reads", "message_format"),
)
INDEXES = (
    ("uq_jobs_same_key_live", "uq_jobs_unique_key_live"),
    ("ix_jobs_answers", "ix_jobs_cache_key"),
)


def upgrade() -> None:
    """Make the change."""
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
