"""The archive: an update or a delete keeps the row as it was.

``modified_by`` of the new row says who replaced the old one; for a delete it is the setting ``crobot.user_id``.
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("strains", "traces", "assemblies")

# the function knows its schema by TG_TABLE_SCHEMA, so no search path can lead it to another species
FUNCTION = """
CREATE FUNCTION archive_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    replaced_by integer := COALESCE(NULLIF(current_setting('crobot.user_id', true), '')::integer, 0);
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
        NEW.version := OLD.version + 1;
        NEW.modified_at := clock_timestamp();
        replaced_by := NEW.modified_by;
    END IF;
    EXECUTE format(
        'INSERT INTO %I.%I (row_id, version, data, archived_at, archived_by) VALUES ($1, $2, $3, $4, $5)',
        TG_TABLE_SCHEMA, TG_TABLE_NAME || '_archive'
    ) USING OLD.id, OLD.version, to_jsonb(OLD), clock_timestamp(), replaced_by;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Make the change."""
    op.execute(FUNCTION)
    for table in TABLES:
        op.execute(
            f"CREATE TRIGGER archive_row BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION archive_row()"
        )


def downgrade() -> None:
    """Undo the change."""
    for table in TABLES:
        op.execute(f"DROP TRIGGER archive_row ON {table}")
    op.execute("DROP FUNCTION archive_row()")
