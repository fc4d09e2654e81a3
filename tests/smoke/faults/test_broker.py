"""The broker forgets, dies, hangs, crawls or cuts connections in each phase of a job: it is only a wire."""

from __future__ import annotations

import random
import signal
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import pytest
from redis import Redis

from crobot_tasks.celery import app
from crobot_tasks.embedded.valkey import DUMP
from tests.faulty import Place
from tests.processes import value, wait_for
from tests.smoke.faults.matrix import scenarios
from tests.smoke.faults.scene import PHASES, Scene

# Connections of this process to the broker are broken with it, and are collected as they are.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

_ENDED = "SELECT count(*) FROM crobot.attempts WHERE ended_at IS NOT NULL"


@contextmanager
def forgetful(broker: Place) -> Iterator[None]:
    """FLUSHALL."""
    app.backend.client.flushall()
    yield


@contextmanager
def restarted_empty(broker: Place) -> Iterator[None]:
    """Killed, and its file is lost."""
    broker.server.stop(signal.SIGKILL)
    (broker.server.data_dir / "valkey" / DUMP).unlink(missing_ok=True)
    broker.server.start()
    yield


@contextmanager
def restarted(broker: Place) -> Iterator[None]:
    """Ended in good order, with its data saved."""
    broker.server.stop(signal.SIGTERM)
    broker.server.start()
    yield


@contextmanager
def rewound(broker: Place) -> Iterator[None]:
    """Killed, and what it knew some time before is there again: messages that were read, results that were replaced."""
    app.backend.client.save()
    before = value(_ENDED)
    yield
    wait_for("some attempts to have ended", lambda: value(_ENDED) > before or value(_LIVE) == 0)
    broker.server.stop(signal.SIGKILL)
    broker.server.start()


@contextmanager
def cut_off(broker: Place) -> Iterator[None]:
    """CLIENT KILL: every connection is closed."""
    app.backend.client.client_kill_filter(_type="normal", skipme=True)
    yield
    app.backend.client.client_kill_filter(_type="normal", skipme=True)
    app.backend.client.client_kill_filter(_type="pubsub", skipme=True)


def _refusing(**settings: str) -> Callable[[Place], AbstractContextManager[None]]:
    @contextmanager
    def refusing(broker: Place) -> Iterator[None]:
        """It answers with errors for some seconds, as with a full memory."""
        client = app.backend.client
        former = {name: client.config_get(name)[name] for name in settings}
        for name, setting in settings.items():
            client.config_set(name, setting)
        client.client_kill_filter(_type="normal", skipme=True)
        yield
        time.sleep(5)
        for name, setting in former.items():
            client.config_set(name, setting)

    return refusing


@contextmanager
def demoted(broker: Place) -> Iterator[None]:
    """READONLY: for some seconds it is the replica of a server that is not there."""
    client = app.backend.client
    client.replicaof("127.0.0.1", "1")
    yield
    time.sleep(5)
    client.replicaof("NO", "ONE")


def _lasting(seconds: float) -> dict[str, Callable[[Place], AbstractContextManager[None]]]:
    @contextmanager
    def frozen(broker: Place) -> Iterator[None]:
        """SIGSTOP: connections stay, and nobody answers."""
        broker.server.freeze()
        yield
        time.sleep(seconds)
        broker.server.thaw()

    @contextmanager
    def away(broker: Place) -> Iterator[None]:
        """Connections are reset, and new ones refused."""
        broker.proxy.go_away()
        yield
        time.sleep(seconds)
        broker.proxy.heal()

    @contextmanager
    def lost(broker: Place) -> Iterator[None]:
        """The network swallows everything, and then resets what hung."""
        broker.proxy.stall()
        yield
        time.sleep(seconds)
        broker.proxy.reset()
        broker.proxy.heal()

    return {"frozen": frozen, "away": away, "lost": lost}


@contextmanager
def slow(broker: Place) -> Iterator[None]:
    """30 ms and 100 kB/s, until some attempts have ended."""
    broker.proxy.latency_s, broker.proxy.bytes_per_s = 0.03, 100_000
    before = value(_ENDED)
    yield
    wait_for("attempts to end over a slow line", lambda: value(_ENDED) > before + 3 or value(_LIVE) == 0)
    broker.proxy.heal()


@contextmanager
def cut(broker: Place) -> Iterator[None]:
    """Connections end after so many bytes, in the middle of whatever they carry."""
    cuts = [random.randrange(1, 6000) for _ in range(12)]
    broker.proxy.cut_after(*cuts)
    yield
    wait_for(f"connections to be cut after {cuts} bytes", lambda: not broker.proxy.cuts_left)


_LIVE = "SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL"

FAULTS: dict[str, Callable[[Place], AbstractContextManager[None]]] = {
    "forgets everything": forgetful,
    "restarts empty": restarted_empty,
    "restarts with its data": restarted,
    "restarts with old data": rewound,
    "closes its connections": cut_off,
    "is frozen for 6 s": _lasting(6)["frozen"],
    "is slow": slow,
    "refuses writes": demoted,
    "is full": _refusing(maxmemory="1"),
    "misses replicas": _refusing(**{"min-replicas-to-write": "1"}),
    "is cut off after some bytes": cut,
}
MINUTES: dict[str, Callable[[Place], AbstractContextManager[None]]] = {
    "is frozen for a minute": _lasting(60)["frozen"],
    "is away for a minute": _lasting(60)["away"],
    "is lost for a minute": _lasting(60)["lost"],
}
CI = {
    ("forgets everything", "running"),
    ("closes its connections", "idle"),
    ("refuses writes", "running"),
}


@pytest.mark.parametrize(("fault", "phase"), scenarios(FAULTS, PHASES, ci=CI))
def test_a_broker_that(scene: Scene, fault: str, phase: str) -> None:
    scene.play(phase, FAULTS[fault](scene.site.broker))
    ended = [process.name for process in scene.site.cluster.processes if process.status != "running"]
    assert ended == []


@pytest.mark.parametrize(("fault", "phase"), scenarios(MINUTES, ("running", "sending"), ci=()))
def test_a_broker_that_for_long(scene: Scene, fault: str, phase: str) -> None:
    scene.play(phase, MINUTES[fault](scene.site.broker))


# --- processes that start while the broker refuses --------------------------------------------------------------------


@contextmanager
def other_password(broker: Place) -> Iterator[None]:
    """WRONGPASS: whoever is connected stays so, and nobody else is let in."""
    with closing(Redis.from_url(broker.proxy.url_behind, single_connection_client=True)) as client:
        own = client.config_get("requirepass")["requirepass"]
        client.config_set("requirepass", "another")
        yield
        client.config_set("requirepass", own)


@contextmanager
def replica(broker: Place) -> Iterator[None]:
    """READONLY."""
    client = app.backend.client
    client.replicaof("127.0.0.1", "1")
    yield
    client.replicaof("NO", "ONE")


@contextmanager
def full_memory(broker: Place) -> Iterator[None]:
    """OOM."""
    app.backend.client.config_set("maxmemory", "1")
    yield
    app.backend.client.config_set("maxmemory", "0")


class Loading(socketserver.StreamRequestHandler):
    """Answers as a server that reads its data from the disk."""

    def handle(self) -> None:
        while self.request.recv(65536):
            self.request.sendall(b"-LOADING Valkey is loading the dataset in memory\r\n")


class LoadingServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def loading(broker: Place) -> Iterator[None]:
    """LOADING, by a server in its place."""
    broker.proxy.go_away()
    with LoadingServer(("127.0.0.1", broker.proxy.port), Loading) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()
    broker.proxy.heal()


REFUSALS: dict[str, Callable[[Place], AbstractContextManager[None]]] = {
    "WRONGPASS": other_password,
    "READONLY": replica,
    "OOM": full_memory,
    "LOADING": loading,
}


@pytest.mark.parametrize(
    "refusal", [pytest.param(name, marks=() if name == "READONLY" else pytest.mark.full) for name in REFUSALS]
)
def test_a_start_while_the_broker_refuses_waits_and_says_so(scene: Scene, refusal: str) -> None:
    cluster = scene.site.cluster
    starting = [cluster.heads[0], cluster.beat, cluster.nodes["calc01"]]
    for process in starting:
        process.stop()
    told = {process.name: process.text().count("the broker refuses: ") for process in starting}
    with REFUSALS[refusal](scene.site.broker):
        for process in starting:
            process.start()
        for process in starting:
            wait_for(
                f"{process.name} to say so",
                lambda process=process: process.text().count("the broker refuses: ") > told[process.name],
            )
        assert [process.status for process in starting] == ["running"] * len(starting)
    scene.check()
    assert [process.status for process in starting] == ["running"] * len(starting)
