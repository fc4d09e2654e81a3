import threading

import pytest
from sqlalchemy import Column, MetaData, Table, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from crobot_errors import BadInput, DatabaseUnreachable
from db import engine
from db.base import SPECIES
from db.engine import after_commit, in_savepoint, reading, retrying, tables_of, transaction
from db.jsonb import to_json
from tests.processes import PATIENCE_S

pytestmark = pytest.mark.usefixtures("numbers")


@pytest.fixture(scope="module")
def numbers(database_url: str) -> None:
    with transaction() as session:
        session.execute(text("CREATE TABLE numbers (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)"))
        session.execute(text("INSERT INTO numbers (id) VALUES (1), (2)"))


@pytest.fixture(autouse=True)
def zeros(numbers: None) -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM numbers WHERE id > 2"))
        session.execute(text("UPDATE numbers SET n = 0"))


def add(session, number: int) -> None:
    session.execute(text("INSERT INTO numbers (id) VALUES (:id)"), {"id": number})


def ids() -> list[int]:
    with transaction() as session:
        return list(session.scalars(text("SELECT id FROM numbers WHERE id > 2 ORDER BY id")))


def test_an_inner_transaction_commits_with_the_outer_one() -> None:
    with transaction() as outer:
        with transaction() as inner:
            assert inner is outer
            add(inner, 3)
        add(outer, 4)
    assert ids() == [3, 4]


def test_a_statement_that_only_reads_opens_no_transaction() -> None:
    with reading() as session:
        session.execute(text("SELECT 1"))
        state = text("SELECT xact_start = query_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
        assert session.execute(state).scalar(), "each statement is by itself"


def test_what_reads_joins_the_transaction_that_is_open() -> None:
    with transaction() as outer:
        add(outer, 3)
        with reading() as inner:
            assert inner is outer
            assert inner.scalar(text("SELECT id FROM numbers WHERE id = 3")) == 3


def test_the_connection_of_a_read_is_used_for_transactions_again() -> None:
    with reading() as session:
        session.execute(text("SELECT 1"))
    with reading() as session, pytest.raises(DBAPIError):
        session.execute(text("SELECT 1 / 0"))
    with pytest.raises(BadInput):
        undone()
    assert ids() == []


def test_a_read_whose_connection_is_lost_leaves_the_others_alone() -> None:
    with pytest.raises(DBAPIError) as raised, reading() as session:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert raised.value.connection_invalidated
    with reading() as session:
        assert session.scalar(text("SELECT 1")) == 1


def undone() -> None:
    with transaction() as session:
        add(session, 3)
        with transaction() as inner:
            add(inner, 4)
        raise BadInput("no")


def test_an_error_outside_undoes_what_the_inner_one_wrote() -> None:
    with pytest.raises(BadInput):
        undone()
    assert ids() == []


def test_a_transaction_without_species_takes_over_that_of_the_one_that_joins() -> None:
    with transaction() as session:
        with transaction("senterica"):
            assert engine.database_of(session) == "senterica"
        with (
            pytest.raises(RuntimeError, match="'senterica' cannot be joined by one on 'ecoli'"),
            transaction("ecoli"),
        ):
            pass


def test_each_thread_has_a_transaction_of_its_own() -> None:
    sessions = []

    def work() -> None:
        with transaction() as session:
            sessions.append(session)

    with transaction() as mine:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert sessions
    assert sessions[0] is not mine


def test_callbacks_run_in_order_after_the_outermost_commit() -> None:
    seen = []
    with transaction() as session:
        with transaction() as inner:
            add(inner, 3)
            after_commit(lambda: seen.append(("first", ids())))
        after_commit(lambda: seen.append(("second", ids())))
        assert seen == []
        add(session, 4)
    assert seen == [("first", [3, 4]), ("second", [3, 4])]


def test_callbacks_are_dropped_when_the_transaction_is_undone() -> None:
    seen = []

    def work() -> None:
        with transaction():
            after_commit(lambda: seen.append(1))
            raise BadInput("no")

    with pytest.raises(BadInput):
        work()
    with transaction():
        pass
    assert seen == []


def test_a_callback_that_raises_does_not_keep_the_others_from_running() -> None:
    seen = []

    def fail() -> None:
        raise BadInput("first")

    with pytest.raises(BadInput, match="first"), transaction():  # noqa: PT012
        after_commit(fail)
        after_commit(lambda: seen.append(1))
    assert seen == [1]


def test_a_callback_outside_a_transaction_runs_at_once() -> None:
    seen = []
    after_commit(lambda: seen.append(1))
    assert seen == [1]


def test_a_savepoint_undoes_only_its_own_writes_and_callbacks() -> None:
    seen = []

    def work(session) -> None:
        add(session, 4)
        after_commit(lambda: seen.append("inner"))
        add(session, 3)

    with transaction() as session:
        add(session, 3)
        after_commit(lambda: seen.append("outer"))
        error = in_savepoint(session, lambda: work(session))
        assert isinstance(error, IntegrityError)
        assert in_savepoint(session, lambda: add(session, 5)) is None
    assert ids() == [3, 5]
    assert seen == ["outer"]


def add_to_both(first: int, second: int, both_hold_one: threading.Barrier) -> None:
    with transaction() as session:
        bump = text("UPDATE numbers SET n = n + 1 WHERE id = :id")
        session.execute(bump, {"id": first})
        if not both_hold_one.broken:
            both_hold_one.wait(PATIENCE_S)
            both_hold_one.abort()
        session.execute(bump, {"id": second})


def test_after_a_deadlock_the_whole_transaction_is_repeated() -> None:
    barrier = threading.Barrier(2)

    def worker(first: int, second: int) -> threading.Thread:
        def once() -> None:
            try:
                add_to_both(first, second, barrier)
            except threading.BrokenBarrierError:
                add_to_both(first, second, barrier)

        return threading.Thread(target=lambda: retrying(once))

    threads = [worker(1, 2), worker(2, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with transaction() as session:
        assert list(session.scalars(text("SELECT n FROM numbers ORDER BY id"))) == [2, 2]


def kill_other_connections() -> None:
    with engine.engine().connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        )


def test_a_connection_lost_before_the_commit_repeats_the_transaction() -> None:
    tries = []

    def work() -> None:
        with transaction() as session:
            tries.append(1)
            add(session, 3)
            if len(tries) == 1:
                kill_other_connections()
            add(session, 4)

    retrying(work)
    assert len(tries) == 2
    assert ids() == [3, 4]


def test_a_connection_lost_in_the_commit_is_not_repeated() -> None:
    tries = []

    def work() -> None:
        with transaction() as session:
            tries.append(1)
            add(session, 3)
            kill_other_connections()

    with pytest.raises(DatabaseUnreachable, match="not known whether it was stored"):
        retrying(work)
    assert len(tries) == 1


def test_other_errors_are_not_repeated() -> None:
    tries = []

    def work() -> None:
        with transaction() as session:
            tries.append(1)
            add(session, 1)

    with pytest.raises(DBAPIError):
        retrying(work)
    assert len(tries) == 1


@pytest.mark.parametrize(
    "value", ["nul \0", "half \ud800 pair", "\udc80", "plain 😀", "back\\u0000slash", "\\\0", "\udc80\ud83d"]
)
def test_what_jsonb_refuses_is_replaced_and_all_else_kept(value: str) -> None:
    query = text("SELECT CAST(:value AS jsonb) ->> 'key'")
    with transaction() as session:
        stored = session.scalar(query, {"value": to_json({"key": value})})
    kept = "".join("�" if char == "\0" or "\ud800" <= char <= "\udfff" else char for char in value)
    assert stored == kept


def test_a_transaction_sees_the_tables_of_another_species_for_a_while() -> None:
    with transaction() as session:
        for species in ("one", "two"):
            session.execute(text(f"CREATE SCHEMA {species}"))
            session.execute(text(f"CREATE TABLE {species}.strains (id int, barcode text)"))
            session.execute(text(f"INSERT INTO {species}.strains VALUES (1, '{species}')"))
    barcodes = select(Table("strains", MetaData(), Column("barcode"), schema=SPECIES))
    with transaction("one") as session:
        with tables_of(session, "two"):
            assert session.scalars(barcodes).all() == ["two"]
            with transaction("two"):
                pass
        assert session.scalars(barcodes).all() == ["one"]
        with pytest.raises(RuntimeError, match="cannot be joined"), transaction("two"):
            pass
