"""The database goes away, restarts, keeps others waiting, or loses connections in the middle of a commit."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from sqlalchemy import text

from db import engine
from tests.fault_tasks import noted
from tests.faulty import Place
from tests.processes import value, wait_for
from tests.smoke.faults.matrix import scenarios
from tests.smoke.faults.mix import surely
from tests.smoke.faults.scene import PHASES, Scene

Fault = Callable[[Place], AbstractContextManager[None]]

_ENDED = "SELECT count(*) FROM crobot.attempts WHERE ended_at IS NOT NULL"
_LIVE = "SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL"


def _restarting(signum: int) -> Fault:
    @contextmanager
    def restarted(database: Place) -> Iterator[None]:
        """Ended while everybody works with it, and started again."""
        database.server.stop(signum)
        database.server.start()
        engine.engine().dispose()
        yield

    return restarted


def _away(seconds: float) -> Fault:
    @contextmanager
    def away(database: Place) -> Iterator[None]:
        """Connections are reset, and new ones refused; whoever sends still reaches it."""
        database.proxy.go_away()
        yield
        time.sleep(seconds)
        database.proxy.heal()

    return away


def _frozen(seconds: float) -> Fault:
    @contextmanager
    def frozen(database: Place) -> Iterator[None]:
        """The network swallows everything, and then resets what hung."""
        database.proxy.stall()
        yield
        time.sleep(seconds)
        database.proxy.reset()
        database.proxy.heal()

    return frozen


def _locked(statement: str, seconds: float) -> Fault:
    @contextmanager
    def locked(database: Place) -> Iterator[None]:
        """Somebody else's transaction holds a lock; it gets it once all are at work, since a frozen head has locks."""
        yield
        with engine.engine().connect() as connection:
            # what CRobot's own transactions may not: PostgreSQL ends one that does nothing for so long
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            connection.execute(text(statement))
            time.sleep(seconds)

    return locked


@contextmanager
def slow(database: Place) -> Iterator[None]:
    """20 ms for each answer, until some attempts have ended."""
    database.proxy.latency_s = 0.01
    before = value(_ENDED)
    yield
    wait_for("attempts to end over a slow line", lambda: value(_ENDED) > before + 3 or value(_LIVE) == 0)
    database.proxy.heal()


@contextmanager
def cut(database: Place) -> Iterator[None]:
    """Connections end after so many bytes, in the middle of whatever they carry."""
    cuts = [random.randrange(1, 20_000) for _ in range(10)]
    database.proxy.cut_after(*cuts)
    yield
    wait_for(f"connections to be cut after {cuts} bytes", lambda: not database.proxy.cuts_left)


_TABLE = "LOCK TABLE crobot.jobs IN EXCLUSIVE MODE"
_ROWS = "SELECT id FROM crobot.jobs WHERE finished_at IS NULL ORDER BY id LIMIT 5 FOR UPDATE"

FAULTS: dict[str, Fault] = {
    "restarts": _restarting(signal.SIGINT),
    "crashes": _restarting(signal.SIGQUIT),
    "is away for 3 s": _away(3),
    "is lost for 5 s": _frozen(5),
    "is slow": slow,
    "is cut off after some bytes": cut,
    "has its jobs locked for 3 s": _locked(_TABLE, 3),
}
#: nobody can send either while the jobs are locked, and sends are not what waits here
PLAYED = [name for name in PHASES if name != "idle"]
CI = {
    ("restarts", "running"),
    ("is cut off after some bytes", "running"),
}
LONG: dict[str, Fault] = {
    "is away for a minute": _away(60),
    "is lost for a minute": _frozen(60),
    "has its jobs locked for a minute": _locked(_TABLE, 60),
    "has some live jobs locked for a minute": _locked(_ROWS, 60),
}


@pytest.mark.parametrize(("fault", "phase"), scenarios(FAULTS, PLAYED, ci=CI))
def test_a_database_that(scene: Scene, fault: str, phase: str) -> None:
    scene.play(phase, FAULTS[fault](scene.site.database))


@pytest.mark.parametrize(("fault", "phase"), scenarios(LONG, ("running", "reporting"), ci=()))
def test_a_database_that_for_long(scene: Scene, fault: str, phase: str) -> None:
    scene.play(phase, LONG[fault](scene.site.database))


#: a statement of each transaction whose commit is cut
COMMITS = {
    "dispatch": "INSERT INTO crobot.attempts",
    "finish": "outcome = e.outcome",
    "settling": "SET settled_at",
}


@pytest.mark.parametrize(
    ("transaction", "moment"),
    scenarios(
        COMMITS,
        ("before it is stored", "after it is stored"),
        ci={
            ("dispatch", "after it is stored"),
            ("finish", "after it is stored"),
        },
    ),
)
def test_a_commit_that_is_cut(scene: Scene, transaction: str, moment: str) -> None:
    @contextmanager
    def commits_cut() -> Iterator[None]:
        proxy = scene.site.database.proxy
        proxy.cut_commits(COMMITS[transaction], stored=moment.startswith("after"), times=3)
        yield
        wait_for("commits to be cut", lambda: not proxy.commits_to_cut)

    scene.play_throughout(commits_cut())


@pytest.mark.parametrize("stored", [False, True], ids=["before it is stored", "after it is stored"])
def test_a_send_whose_commit_is_cut_can_be_repeated_and_is_one_job(scene: Scene, stored: bool) -> None:
    proxy = scene.site.database.proxy
    before = value("SELECT count(*) FROM crobot.jobs")
    with by_way_of(proxy.url):
        for number in range(5):
            proxy.cut_commits("INSERT INTO crobot.settlements", stored=stored)
            job = surely(noted.s(str(scene.mix.note), number))
            assert proxy.commits_to_cut == 0
            scene.mix.wanted[job.job_id] = "COMPLETE"
    scene.check()
    assert value("SELECT count(*) FROM crobot.jobs") == before + 5


@contextmanager
def by_way_of(url: str) -> Iterator[None]:
    """Let this process, too, reach the database by way of a proxy."""
    former = engine.configure(lambda: url)
    assert former
    try:
        yield
    finally:
        engine.configure(former)
