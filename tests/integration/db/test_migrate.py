from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, MetaData, make_url, text

from crobot_errors import OldMigration
from db import migrate, registry, revisions
from db.base import CROBOT
from db.engine import transaction
from db.migrations.revision import prepare, scratch_database
from db.migrations.trees import CORE, SPECIES, Tree, core_options, species_options
from tests.integration.conftest import GENERA

CHECKS = text(
    "SELECT r.relname, c.conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid "
    "JOIN pg_namespace n ON n.oid = r.relnamespace WHERE c.contype = 'c' AND n.nspname = ANY(:schemas)"
)


def options(connection: Connection, tree: Tree, schema: str) -> dict[str, object]:
    return core_options() if tree is CORE else species_options(connection, schema)


@pytest.fixture(scope="module", params=[CORE, SPECIES], ids=lambda tree: tree.name)
def migrated(request: pytest.FixtureRequest, database_url: str):
    tree = request.param
    with scratch_database(make_url(database_url)) as engine, engine.connect() as connection:
        schema = prepare(connection, tree)
        command.upgrade(tree.config(connection, schema), "head")
        yield connection, tree, schema
        connection.rollback()


def test_the_migrations_make_the_tables_of_the_models(migrated) -> None:
    connection, tree, schema = migrated
    settings = options(connection, tree, schema)
    context = MigrationContext.configure(connection, opts=settings)
    assert compare_metadata(context, settings["target_metadata"]) == []


def test_the_migrations_make_the_check_constraints_of_the_models(migrated) -> None:
    connection, tree, schema = migrated
    target = options(connection, tree, schema)["target_metadata"]
    assert isinstance(target, MetaData)
    wanted = {
        (table.name, constraint.name)
        for table in target.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    schemas = [schema, "system"] if tree is CORE else [schema]
    assert {tuple(row) for row in connection.execute(CHECKS, {"schemas": schemas})} == wanted


def test_every_migration_can_be_undone_and_made_again(migrated) -> None:
    connection, tree, schema = migrated
    config = tree.config(connection, schema)
    command.downgrade(config, "base")
    command.upgrade(config, "head")


def test_an_empty_database_is_reported_with_the_way_out(database_url: str) -> None:
    with pytest.raises(OldMigration, match="run `crobot db upgrade`"):
        revisions.check()


def test_upgrades_at_the_same_time_wait_for_each_other(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(migrate.upgrade) for _ in range(4)]:
            done.result(30)
    revisions.check()
    assert revisions.current() == {CROBOT: (revisions.head("core"), revisions.head("core"))}


def test_a_species_with_old_tables_is_named_and_brought_up_to_date(two_species: str) -> None:
    revisions.check()
    with transaction() as session:
        command.downgrade(SPECIES.config(session.connection(), "ecoli"), "0001")
    with pytest.raises(OldMigration, match="schema 'ecoli' are at revision 0001"):
        revisions.check()
    migrate.upgrade()
    revisions.check()


@pytest.mark.parametrize("schema", [CROBOT, "senterica"])
def test_tables_newer_than_the_program_are_refused_by_name_and_stay_as_they_are(
    two_species: str, schema: str
) -> None:
    def at(former: str | None, revision: str | None) -> None:
        with transaction() as session:
            statement = f"UPDATE {schema}.alembic_version SET version_num = :new WHERE version_num = :old"
            session.execute(text(statement), {"old": former, "new": revision})

    wanted = revisions.current()[schema][1]
    with transaction() as session:
        command.downgrade(SPECIES.config(session.connection(), "ecoli"), "0001")
    at(wanted, "9999")
    try:
        said = rf"schema '{schema}' are at revision 9999, .*its newest is {wanted}\): a newer CRobot"
        with pytest.raises(OldMigration, match=said):
            migrate.upgrade()
        with transaction() as session:
            assert revisions.revision(session, "ecoli") == "0001"
    finally:
        at("9999", wanted)
        migrate.upgrade()
    revisions.check()


def test_one_database_of_two_species_added_at_once_gets_both(two_species: str) -> None:
    def add(name: str, prefix: str) -> None:
        registry.add_species(name, name, "Salmonella", prefix, [], GENERA)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(add, *new) for new in (("one", "ONE"), ("two", "TWO"), ("one", "ONE"))]:
            done.result(30)
    revisions.check()
    assert {"one", "two"} <= revisions.current().keys()
