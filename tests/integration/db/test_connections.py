"""Connections of a process: how many stay open, whose they are, and what is said if there is no server."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, text

from crobot_errors import DatabaseUnreachable
from db import engine
from db.engine import transaction
from tests.processes import PATIENCE_S

pytestmark = pytest.mark.usefixtures("database_url")


def test_a_process_keeps_as_many_connections_open_as_it_has_threads(database_url: str) -> None:
    def pids() -> set[int]:
        together = threading.Barrier(8, timeout=PATIENCE_S)

        def pid(_: int) -> int:
            with transaction() as session:
                together.wait()
                return int(session.scalar(text("SELECT pg_backend_pid()")))

        with ThreadPoolExecutor(8) as threads:
            return set(threads.map(pid, range(8)))

    try:
        engine.keep_open(8)
        assert pids() == pids()
        engine.keep_open(0)
        assert len(pids() & pids()) == engine.connections.KEPT
    finally:
        engine.keep_open(0)  # of those that are open now, the next tests know nothing


def test_the_connection_that_was_used_last_is_taken_next(database_url: str) -> None:
    def pid(connection: Connection) -> int:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())

    with engine.engine().connect() as first, engine.engine().connect() as second:
        pids = [pid(first), pid(second)]
        first.close()
    for _ in range(3):
        with engine.engine().connect() as next_one:
            assert pid(next_one) == pids[1]


def test_a_forked_child_leaves_its_parents_connections_alone() -> None:
    with transaction() as session:
        number = session.scalar(text("SELECT txid_current()"))
        child = os.fork()
        if child == 0:
            os._exit(0 if engine.engine().pool.checkedin() == 0 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert session.scalar(text("SELECT txid_current()")) == number, "it is the same transaction"


def test_a_server_that_is_not_there_is_named_with_the_way_out() -> None:
    former = engine.configure(lambda: "postgresql://nobody:secret@127.0.0.1:9/nothing")
    assert former is not None
    try:
        with pytest.raises(DatabaseUnreachable) as caught, transaction():
            pass
    finally:
        engine.configure(former)
    message = str(caught.value)
    assert "127.0.0.1:9" in message
    assert "'nothing'" in message
    assert "CROBOT_DATABASE_URL" in message
    assert "secret" not in message
