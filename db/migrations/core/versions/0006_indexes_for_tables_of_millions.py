"""Indexes for tables of millions: nothing that is done often, or asked for by people, reads a whole table.

Writers of jobs and attempts wait while the indexes are built, all in one transaction, since a half of them would be
worth nothing; readers wait at the end, for the index that is replaced. CREATE INDEX CONCURRENTLY cannot be a part of
it, so those that grow with the history are passed over if an operator has built them before, in that way and by the
same names.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

LIVE = "state IN ('WAITING', 'ROUTED', 'RUNNING')"
OVER = "state IN ('COMPLETE', 'FAILED', 'CANCELLED')"
#: name, table, columns, condition
OF_HISTORY = (
    ("ix_attempts_begun", "attempts", ["node", "routed_at"], "started_at IS NOT NULL"),
    ("ix_jobs_over_state", "jobs", ["state", "id"], OVER),
    ("ix_jobs_over_user_id", "jobs", ["user_id", "state", "id"], OVER),
    ("ix_jobs_over_workgroup", "jobs", ["workgroup", "state", "id"], OVER),
    ("ix_jobs_over_pipeline", "jobs", ["pipeline", "state", "id"], OVER),
    ("ix_jobs_over_database", "jobs", ["database", "state", "id"], OVER),
    ("ix_jobs_over_node", "jobs", ["node", "state", "id"], OVER),
)
WAITING = "state = 'WAITING' AND held_at IS NULL"
LINE = ["priority", "workgroup", "user_id", "pipeline", "version"]
COMPARED = ["available_at", "cores", "memory_bytes", "disk_bytes"]
PREFERENCES = (["user_id", "type", "id"], ["type", "id"], ["database", "type", "id"])


def upgrade() -> None:
    """Make the change."""
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for name, table, columns, condition in OF_HISTORY:
        _create(name, table, columns, condition, if_not_exists=True)
    _create("ix_jobs_live", "jobs", ["id"], LIVE)
    resent_from = sa.text("CAST(context ->> 'resent_from' AS bigint)")
    _create("ix_jobs_resent_from", "jobs", [resent_from], "context ? 'resent_from'")
    for columns in PREFERENCES:
        op.create_index(
            f"ix_user_preferences_{'_'.join(columns)}", "user_preferences", columns, schema="system"
        )
    op.drop_index("ix_user_preferences_user_id_type", "user_preferences", schema="system")
    op.drop_index("ix_jobs_lines", "jobs", schema="crobot")
    line = [*LINE, sa.text("COALESCE(database, '')"), "id", *COMPARED]
    _create("ix_jobs_lines", "jobs", line, WAITING)


def downgrade() -> None:
    """Undo the change."""
    op.drop_index("ix_jobs_lines", "jobs", schema="crobot")
    _create("ix_jobs_lines", "jobs", [*LINE, "id"], WAITING)
    op.create_index(
        "ix_user_preferences_user_id_type", "user_preferences", ["user_id", "type"], schema="system"
    )
    for columns in PREFERENCES:
        op.drop_index(f"ix_user_preferences_{'_'.join(columns)}", "user_preferences", schema="system")
    for name in ("ix_jobs_resent_from", "ix_jobs_live"):
        op.drop_index(name, "jobs", schema="crobot")
    for name, table, _, _ in OF_HISTORY:
        op.drop_index(name, table, schema="crobot")


def _create(
    name: str, table: str, columns: list[str | sa.TextClause], condition: str, if_not_exists: bool = False
) -> None:
    op.create_index(
        name,
        table,
        columns,
        schema="crobot",
        postgresql_where=sa.text(condition),
        if_not_exists=if_not_exists,
    )
