"""Bringing the tables to the form that the program knows, and telling when they are not."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crobot_errors import OldMigration
from db.base import CROBOT, SYSTEM
from db.engine import lock, transaction
from db.known_species import Species
from db.migrations.trees import CORE, SPECIES, VERSION_TABLE, Tree

#: one upgrade at a time, whichever processes start together
LOCK = "crobot migrations"

_CREATE_SCHEMA = 'CREATE SCHEMA IF NOT EXISTS "{}"'
_HAS_TABLE = text(
    "SELECT to_regclass(format('%I.%I', CAST(:schema AS text), CAST(:name AS text))) IS NOT NULL"
)
_REVISION = 'SELECT version_num FROM "{}".' + VERSION_TABLE


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


def check() -> None:
    """Make sure that the database answers and that its tables are those of this program.

    Raises:
        DatabaseUnreachable: it does not answer.
        OldMigration: a schema has another revision.
    """
    for schema, (found, wanted) in current().items():
        if found != wanted:
            raise OldMigration(
                f"the tables of schema {schema!r} are at revision {found or 'none'}, this program needs {wanted}: "
                "run `crobot db upgrade` (if the tables are the newer ones, install the newer program)"
            )


def current() -> dict[str, tuple[str | None, str | None]]:
    """Return for each schema the revision found and the revision wanted."""
    with transaction() as session:
        core = revision(session, CROBOT)
        revisions = {CROBOT: (core, head(CORE))}
        if core == head(CORE):  # else the list of species may not be readable yet
            for name in species_names(session):
                revisions[name] = (revision(session, name), head(SPECIES))
    return revisions


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


def revision(session: Session, schema: str) -> str | None:
    """Return the revision of a schema's tables, or none if it has none."""
    if not session.execute(_HAS_TABLE, {"schema": schema, "name": VERSION_TABLE}).scalar_one():
        return None
    return session.execute(text(_REVISION.format(schema))).scalar_one_or_none()


def species_names(session: Session) -> list[str]:
    """Return the names of all species, in order."""
    return list(session.scalars(select(Species.name).order_by(Species.name)))


@cache
def head(tree: Tree) -> str | None:
    """Return the newest revision of a tree; read once, since the files do not change under a running program."""
    return tree.head()


def _refuse_newer(session: Session, tree: Tree, schema: str) -> None:
    found = revision(session, schema)
    if found in (None, head(tree)):
        return
    scripts = ScriptDirectory.from_config(tree.config(session.connection(), schema))
    if found not in {script.revision for script in scripts.walk_revisions()}:
        raise OldMigration(
            f"the tables of schema {schema!r} are at revision {found}, which this program does not know (its newest is "
            f"{head(tree)}): a newer CRobot has upgraded them. Install that version"
        )
