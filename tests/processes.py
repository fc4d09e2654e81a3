"""Clusters of real CRobot processes for tests: started as an operator starts them, ended by pid."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar
from weakref import WeakSet

import psutil
from pytest_celery import CeleryTestWorker, CeleryWorkerCluster, CeleryWorkerContainer
from sqlalchemy import text

from crobot_tasks.celery import app
from db.engine import retrying, transaction

#: a guard against waiting for ever, which no test measures: a loaded machine is no fault
PATIENCE_S = 200.0
#: what comes soon is seen soon, and what takes long is not asked for a hundred times a second
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.1


def wait_for(what: str, condition: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
    """Return the first true value of ``condition``; fail, naming ``what``, if there is none in time."""
    ends_at, pause_s = time.monotonic() + timeout_s, FIRST_PAUSE_S
    while not (value := condition()):
        if time.monotonic() > ends_at:
            raise AssertionError(f"waited {timeout_s:g} s for {what}")
        time.sleep(pause_s)
        pause_s = min(1.5 * pause_s, LONGEST_PAUSE_S)
    return value


def query(sql: str, **values: Any) -> list[Any]:
    """Rows of a query, in a transaction of its own."""

    def rows() -> list[Any]:
        with transaction() as session:
            return list(session.execute(text(sql), values))

    return retrying(rows)


def value(sql: str, **values: Any) -> Any:
    """The first value of a query's first row."""
    rows = query(sql, **values)
    return rows[0][0] if rows else None


class Process:
    """One process in a session of its own, with its log in a file; it also answers as a container of Docker does."""

    #: all that somebody still holds, for those who ask what they say
    started: ClassVar[WeakSet[Process]] = WeakSet()

    def __init__(self, name: str, arguments: list[str], folder: Path, **environment: str) -> None:
        Process.started.add(self)
        self.name, self.arguments, self.folder, self.environment = name, arguments, folder, environment
        self.log = folder / f"{name}.log"
        self.id = f"{name}-{os.urandom(8).hex()}"
        self.start()

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._popen = subprocess.Popen(
                self.arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ | self.environment,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def runs(self) -> bool:
        return self._popen.poll() is None

    def family(self) -> list[psutil.Process]:
        """The process and all its descendants."""
        parent = psutil.Process(self.pid)
        return [parent, *parent.children(recursive=True)]

    def kill(self, signum: int = signal.SIGKILL, whole_group: bool = True) -> None:
        """Signal the process group, as a power switch would; the tools have groups of their own."""
        (os.killpg if whole_group else os.kill)(self.pid, signum)
        if signum == signal.SIGKILL:
            self._popen.wait(PATIENCE_S)

    def stop(self, timeout_s: float = 60.0) -> int:
        """Ask the process to end, as a supervisor does."""
        if self.runs():
            self._popen.terminate()
            try:
                self._popen.wait(timeout_s)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._popen.returncode

    def text(self) -> str:
        return self.log.read_text(errors="replace")

    # --- what pytest-celery asks of a container -----------------------------------------------------------------------

    @property
    def status(self) -> str:
        return "running" if self.runs() else "exited"

    @property
    def attrs(self) -> dict[str, Any]:
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        return {
            "Config": {"Hostname": "127.0.0.1", "Env": environment},
            "NetworkSettings": {"Networks": {}, "Ports": {}},
            "HostConfig": {"PortBindings": {}},
        }

    def reload(self) -> None:
        """Nothing is remembered of the process that could be old."""

    def restart(self, timeout: float = 60.0) -> None:
        self.stop(timeout)
        self.start()

    def logs(self) -> bytes:
        return self.log.read_bytes()


class LocalContainer(CeleryWorkerContainer):
    """A process in place of a container of Docker."""

    def kill(self, signal: str | int | None = None) -> None:
        """Signal the main process; by SIGKILL, as with a container, all of them end."""
        signum = _number(signal)
        self._container.kill(signum, whole_group=signum == _number(None))


def _number(name: str | int | None) -> int:
    return name if isinstance(name, int) else getattr(signal, name or "SIGKILL")


class Cluster:
    """Heads, beat, nodes and a worker for plain tasks on the servers of this test run."""

    def __init__(
        self, folder: Path, nodes: tuple[str, ...], cores: int = 2, heads: int = 1, **environment: str
    ) -> None:
        self.folder, self.cores, self.environment = folder, cores, environment
        self.heads = [self._crobot(f"head{number}", "head") for number in range(1, heads + 1)]
        self.beat = self._crobot("beat", "beat")
        self.nodes = {name: self.start_node(name) for name in nodes}
        self.callbacks = self._crobot("callbacks", "callbacks")

    def start_node(self, name: str) -> Process:
        """Start a calculation node, for the first time or again."""
        return Process(name, self.node_command(name), self.folder, **self.environment)

    def node_command(self, name: str) -> list[str]:
        """How a node of this cluster is started."""
        state_dir = self.folder / "nodes" / name
        return [sys.executable, "-m", "crobot_tasks.cli", "node", "--name", name, "--cores", str(self.cores),
                "--memory", "4G", "--state-dir", str(state_dir)]  # fmt: skip

    def _crobot(self, name: str, *arguments: str) -> Process:
        return self._python(name, "-m", "crobot_tasks.cli", *arguments)

    def _python(self, name: str, *arguments: str) -> Process:
        return Process(name, [sys.executable, *arguments], self.folder, **self.environment)

    @property
    def processes(self) -> list[Process]:
        return [*self.heads, self.beat, *self.nodes.values(), self.callbacks]

    @cached_property
    def workers(self) -> CeleryWorkerCluster:
        """All that are Celery workers (heads, nodes, the one for plain tasks), as pytest-celery's cluster."""
        members = [*self.heads, *self.nodes.values(), self.callbacks]
        return CeleryWorkerCluster(*[CeleryTestWorker(LocalContainer(member), app) for member in members])

    def worker(self, name: str) -> CeleryTestWorker:
        """One of them, by the name of its process."""
        return next(worker for worker in self.workers if worker.name() == name)

    def ready(self) -> None:
        """Wait until the nodes are known and everybody is at work."""
        for name in self.nodes:
            wait_for(f"node {name} to report, see {self.folder / name}.log", lambda name=name: value(
                "SELECT count(*) FROM crobot.nodes WHERE name = :name AND lost_at IS NULL"
                " AND heartbeat_at > now() - interval '2 seconds'", name=name))  # fmt: skip
        wait_for(
            f"the worker for plain tasks, see {self.callbacks.log}", lambda: "ready." in self.callbacks.text()
        )

    def __enter__(self) -> Cluster:
        try:
            self.ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:  # all at once: each takes a second or two
            with suppress(ProcessLookupError):
                process.kill(signal.SIGTERM, whole_group=False)
        for process in self.processes:
            process.stop()
