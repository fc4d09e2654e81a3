"""Whether the tables are those of this program: asked by every command, and so without Alembic, which loads slowly."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crobot_errors import OldMigration
from db.base import CROBOT
from db.engine import transaction
from db.known_species import Species

#: where Alembic keeps the revision of a schema's tables
VERSION_TABLE = "alembic_version"
#: the trees of migrations, by the name of their folder
CORE_TREE = "core"
SPECIES_TREE = "species"

_HAS_TABLE = text(
    "SELECT to_regclass(format('%I.%I', CAST(:schema AS text), CAST(:name AS text))) IS NOT NULL"
)
_REVISION = 'SELECT version_num FROM "{}".' + VERSION_TABLE


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


def current() -> dict[str, tuple[str | None, str]]:
    """Return for each schema the revision found and the revision wanted."""
    with transaction() as session:
        core = revision(session, CROBOT)
        revisions = {CROBOT: (core, head(CORE_TREE))}
        if core == head(CORE_TREE):  # else the list of species may not be readable yet
            for name in species_names(session):
                revisions[name] = (revision(session, name), head(SPECIES_TREE))
    return revisions


def revision(session: Session, schema: str) -> str | None:
    """Return the revision of a schema's tables, or none if it has none."""
    if not session.execute(_HAS_TABLE, {"schema": schema, "name": VERSION_TABLE}).scalar_one():
        return None
    return session.execute(text(_REVISION.format(schema))).scalar_one_or_none()


def species_names(session: Session) -> list[str]:
    """Return the names of all species, in order."""
    return list(session.scalars(select(Species.name).order_by(Species.name)))


@cache
def head(tree: str) -> str:
    """Return the newest revision of a tree: migrations are numbered in their order, and their files named by it.

    It is read once, since the files do not change under a running program.
    """
    versions = Path(__file__).parent / "migrations" / tree / "versions"
    return max(path.name.partition("_")[0] for path in versions.glob("[0-9]*.py"))
