"""What is prepared gives what it gave before, whatever happens to its connection, and its plan is made anew in time."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db import engine, migrate
from db import prepared as module
from db.engine import transaction
from db.prepared import Prepared

ADDED = Prepared("SELECT CAST(:left AS int) + CAST(:right AS int) + CAST(:left AS int)")
BARE = Prepared("SELECT 100 % 7 AS rest, '%' AS sign")
LISTED = Prepared("SELECT count(*) FROM unnest(CAST(:ids AS uuid[])) AS one", types={"ids": "text[]"})
COUNTED = Prepared("SELECT count(*) FROM crobot.jobs WHERE id = :id")
DIVIDED = Prepared("SELECT 1 / CAST(:number AS int)")


@pytest.fixture(autouse=True)
def _new_connections(database_url: str) -> None:
    """The database is there, and no connection of another test is."""
    engine.engine().dispose()


def scalar(statement: Prepared, session: Session, values: dict[str, Any]) -> Any:
    """The first value."""
    return statement.rows(session, values)[0][0]


def known(session: Session) -> list[str]:
    """What the connection has prepared."""
    return list(session.execute(text("SELECT statement FROM pg_prepared_statements")).scalars())


def test_parameters_come_by_name_as_often_as_they_stand_there() -> None:
    with transaction() as session:
        for left in (1, 2, 3):
            assert scalar(ADDED, session, {"left": left, "right": 10}) == 2 * left + 10
        assert BARE.rows(session)[0] == (2, "%")
        assert scalar(LISTED, session, {"ids": ["00000000-0000-0000-0000-000000000001"]}) == 1
        assert scalar(LISTED, session, {"ids": []}) == 0
        assert len(known(session)) == 3


def test_a_statement_is_prepared_once_for_a_connection() -> None:
    for _ in range(3):
        with transaction() as session:
            ADDED.rows(session, {"left": 1, "right": 2})
    with transaction() as session:
        assert len(known(session)) == 1
    engine.engine().dispose()
    with transaction() as session:
        assert scalar(ADDED, session, {"left": 1, "right": 2}) == 4


def test_it_is_planned_for_any_values_from_the_first_execution_on() -> None:
    with transaction() as session:
        for size in range(1, 8):
            LISTED.rows(session, {"ids": ["00000000-0000-0000-0000-000000000001"] * size})
        plans = session.execute(text("SELECT generic_plans, custom_plans FROM pg_prepared_statements")).one()
    assert tuple(plans) == (7, 0)


@pytest.mark.parametrize(("kept_s", "plans"), [(10.0, [1, 1, 1, 1, 1]), (0.0, [1, 1, 1, 2, 2])])
def test_its_plan_is_made_anew_after_a_while_and_some_use(
    monkeypatch: pytest.MonkeyPatch, kept_s: float, plans: list[int]
) -> None:
    monkeypatch.setattr(module, "KEPT_S", kept_s)
    monkeypatch.setattr(module, "KEPT_USES", 3)
    names: list[str] = []
    seen = []
    with transaction() as session:
        for left in range(5):
            assert scalar(ADDED, session, {"left": left, "right": 2}) == 2 * left + 2
            names += session.execute(text("SELECT name FROM pg_prepared_statements")).scalars()
            seen.append(len(set(names)))
    assert seen == plans


def _execute_in_a_failed_transaction() -> None:
    with transaction() as session:
        with pytest.raises(DBAPIError, match="does not exist"):
            session.execute(text("SELECT nobody"))
        DIVIDED.rows(session, {"number": 1})


def test_after_an_error_it_is_prepared_or_not_as_postgresql_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_USES", 0)
    for kept_s in (10.0, 0.0):
        monkeypatch.setattr(module, "KEPT_S", kept_s)
        for _ in range(2):
            with pytest.raises(DBAPIError, match="division by zero"), transaction() as session:
                DIVIDED.rows(session, {"number": 0})
            with pytest.raises(DBAPIError, match="aborted"):
                _execute_in_a_failed_transaction()
            with transaction() as session:
                assert scalar(DIVIDED, session, {"number": 1}) == 1


def test_its_name_tells_what_it_is_about() -> None:
    migrate.upgrade()
    with transaction() as session:
        COUNTED.rows(session, {"id": 7})
        (name,) = session.execute(
            text("SELECT name FROM pg_prepared_statements WHERE statement ~ 'count'")
        ).scalars()
    assert re.fullmatch("crobot_[0-9]+_from_jobs", name)


def _is_closed(session: Session) -> None:
    session.connection().connection.driver_connection.close()


def _is_ended_by_the_server(session: Session) -> None:
    pid = session.connection().connection.driver_connection.info.backend_pid
    with engine.engine().connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})


@pytest.mark.parametrize("is_lost", [_is_closed, _is_ended_by_the_server])
def test_what_loses_its_connection_may_be_done_again(is_lost: Callable[[Session], None]) -> None:
    tries = []

    def add() -> Any:
        with transaction() as session:
            if not tries:
                is_lost(session)
            tries.append(1)
            return scalar(ADDED, session, {"left": 1, "right": 2})

    assert engine.retrying(add) == 4
    assert len(tries) == 2
