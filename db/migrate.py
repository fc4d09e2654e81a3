"""Bringing the tables to the form that the program knows; `db.revisions` tells whether they have it."""

from __future__ import annotations

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.orm import Session

from crobot_errors import OldMigration
from db.base import CROBOT, SYSTEM
from db.engine import lock, transaction
from db.migrations.trees import CORE, SPECIES, Tree
from db.revisions import head, revision, species_names

#: one upgrade at a time, whichever processes start together
LOCK = "crobot migrations"

_CREATE_SCHEMA = 'CREATE SCHEMA IF NOT EXISTS "{}"'


def upgrade() -> None:
    """Bring the schemas ``crobot`` and ``system``, then every species, to the newest revision.

    Raises:
        DatabaseUnreachable: it does not answer.
        OldMigration: the tables of a schema are newer than this program; nothing was changed.
    """
    with transaction() as session:
        lock(session, LOCK)
        create_schema(session, CROBOT)
        create_schema(session, SYSTEM)
        run(session, CORE, CROBOT)
        names = species_names(session)
        for name in names:  # before anything is committed
            _refuse_newer(session, SPECIES, name)
    for name in names:
        with transaction() as session:
            lock(session, LOCK)
            run(session, SPECIES, name)


def create_schema(session: Session, schema: str) -> None:
    """Create a schema unless it exists; the caller has checked the name."""
    session.execute(text(_CREATE_SCHEMA.format(schema)))


def run(session: Session, tree: Tree, schema: str) -> None:
    """Run a tree's missing migrations in the session's transaction.

    Raises:
        OldMigration: the schema's tables are newer than this program.
    """
    _refuse_newer(session, tree, schema)
    command.upgrade(tree.config(session.connection(), schema), "head")


def _refuse_newer(session: Session, tree: Tree, schema: str) -> None:
    found = revision(session, schema)
    if found in (None, head(tree.name)):
        return
    scripts = ScriptDirectory.from_config(tree.config(session.connection(), schema))
    if found not in {script.revision for script in scripts.walk_revisions()}:
        raise OldMigration(
            f"the tables of schema {schema!r} are at revision {found}, which this program does not know (its newest is "
            f"{head(tree.name)}): a newer CRobot has upgraded them. Install that version"
        )
