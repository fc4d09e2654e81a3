"""One round of one peer: the processes of its program are started, watched and ended, and what they used is counted."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks.figures import percentile
from benchmarks.peers import database
from benchmarks.peers.catalogue import PROGRAMS, Peer
from benchmarks.peers.environments import PeerFailed, last_line
from benchmarks.stage import Stage
from benchmarks.usage import cpu_s
from tests.processes import Process

PATIENCE_S = 300.0
#: bytes of a line that a body writes, see `programs/program.py`
LINE = 32


@dataclass(frozen=True)
class PeerRound:
    """Where the round takes place."""

    stage: Stage
    #: the server's address
    server: str
    peer: Peer
    python: Path

    def measure(self, jobs: int, sends: int) -> dict[str, float]:
        """Send so many jobs one by one and as many in bulk, work them off, and send some into the idle worker.

        Raises:
            PeerFailed: a program of the peer ended with an error, or did not end.
        """
        self.begin_anew()
        self._began.unlink(missing_ok=True)
        one, one_cost = self._costs(lambda: self._run("one", jobs), jobs)
        bulk = self._run("bulk", jobs)
        off, off_cost = self._costs(lambda: self._worked_off(2 * jobs), 2 * jobs)
        cost = {name: one_cost[name] + off_cost[name] for name in one_cost}
        cost["cpu"] += 1000 * (one["cpu_s"] / jobs + off["cpu_s"] / (2 * jobs))
        rates = {
            "one": jobs / one["seconds"],
            "bulk": jobs / bulk["seconds"],
            "off": 2 * jobs / off["seconds"],
        }
        return rates | cost | {"latency": self._latency(2 * jobs, sends)}

    def begin_anew(self) -> None:
        """Make its tables, in an empty database."""
        database.make_anew(self.server, self._database)
        self._run("prepare")

    def sent_in_bulk(self, jobs: int) -> tuple[float, float]:
        """Send so many jobs in bulk; returns the sender's wall and CPU seconds.

        Raises:
            PeerFailed: a program of the peer ended with an error, or did not end.
        """
        sent = self._run("bulk", jobs)
        return sent["seconds"], sent["cpu_s"]

    # --- phases -------------------------------------------------------------------------------------------------------

    def _worked_off(self, jobs: int) -> dict[str, float]:
        """From the worker's begin until the end of the last job is stored."""
        with self._worker() as worker:
            self._wait(worker, self._works.exists)
            cpu, began = _cpu_s(worker), time.perf_counter()
            self._wait(worker, lambda: self._bodies() >= jobs and not self._left())
            return {"seconds": time.perf_counter() - began, "cpu_s": _cpu_s(worker) - cpu}

    def _latency(self, before: int, sends: int) -> float:
        """Milliseconds from a send into an idle worker to the begin of the body, the median."""
        with self._worker() as worker:
            self._wait(worker, self._works.exists)
            time.sleep(3)  # it has found nothing to do
            sent_at = self._run("paced", sends)["sent_at"]
            self._wait(worker, lambda: self._bodies() >= before + sends)
        lines = [line.split() for line in self._began.read_text().splitlines()[before:]]
        waits = [1000 * (float(began_at) - sent_at[int(number)]) for number, began_at in lines]
        return percentile(waits, 50)

    # --- processes ----------------------------------------------------------------------------------------------------

    def _run(self, role: str, *count: int) -> dict[str, Any]:
        line = [*self._line(role), *map(str, count)]
        try:
            ended = subprocess.run(
                line,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_S,
                env=os.environ | self._told,
            )
        except subprocess.TimeoutExpired as error:
            raise PeerFailed(f"`{role}` did not end within {PATIENCE_S:g} s") from error
        if ended.returncode:
            raise PeerFailed(f"`{role}`: {last_line(ended.stderr) or ended.returncode}")
        return dict(json.loads(last_line(ended.stdout) or "{}"))

    @contextmanager
    def _worker(self) -> Iterator[Process]:
        self._works.unlink(missing_ok=True)
        worker = Process(f"peer-{self.peer.name}", self._line("work"), self.stage.folder, **self._told)
        try:
            yield worker
        finally:
            worker.stop()

    def _wait(self, worker: Process, condition: Callable[[], bool]) -> None:
        ends_at = time.monotonic() + PATIENCE_S
        while not condition():
            if worker.status != "running":
                raise PeerFailed(f"`work`: {last_line(worker.text())}")
            if time.monotonic() > ends_at:
                raise PeerFailed(f"`work`: {self._bodies()} bodies in all after {PATIENCE_S:g} s")
            time.sleep(0.01)

    def _line(self, role: str) -> list[str]:
        address = database.address_of(self.server, self._database)
        return [str(self.python), str(PROGRAMS / self.peer.program), role, address]

    @property
    def _told(self) -> dict[str, str]:
        return {"PEER_BEGAN": str(self._began), "PEER_WORKS": str(self._works), **self.peer.environment}

    # --- what is seen -------------------------------------------------------------------------------------------------

    @property
    def _database(self) -> str:
        return f"peer_{self.peer.name}"

    @property
    def _began(self) -> Path:
        return self.stage.folder / f"peer-{self.peer.name}.began"

    @property
    def _works(self) -> Path:
        return self._began.with_suffix(".works")

    def _bodies(self) -> int:
        return self._began.stat().st_size // LINE if self._began.exists() else 0

    def _left(self) -> bool:
        return database.asked(self.server, self._database, self.peer.left)

    def _costs(
        self, phase: Callable[[], dict[str, Any]], jobs: int
    ) -> tuple[dict[str, Any], dict[str, float]]:
        """What PostgreSQL did for it, for each job; its processes have ended by then, and so told it all."""
        counted, cpu = database.counted(self.server, self._database), cpu_s(self.stage)["postgres"]
        seen = phase()
        costs = {"cpu": 1000 * (cpu_s(self.stage)["postgres"] - cpu) / jobs}
        now = database.counted(self.server, self._database)
        return seen, costs | {name: (now[name] - counted[name]) / jobs for name in now}


def _cpu_s(worker: Process) -> float:
    members: list[psutil.Process] = worker.family()
    return sum(times.user + times.system for times in (member.cpu_times() for member in members))
