"""(l) Many clients of streams of events, each of another job, while the jobs run: memory, CPU, delay."""

from __future__ import annotations

import asyncio
import json
import resource
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psutil

from benchmarks import tasks
from benchmarks.figures import Chapter, Figure, percentile
from benchmarks.stage import Stage
from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from db.engine import transaction
from tests.processes import Process, wait_for

USER = 7
TOGETHER = 100
REST_S = 10.0
TIMEOUT_S = 600.0


@dataclass
class Client:
    """One stream: what it has been told, and when."""

    job_id: int
    #: state → when it was told, seconds of the epoch
    told: dict[str, float] = field(default_factory=dict)
    finished_at: float = 0.0
    ended: bool = False

    async def read(self, port: int, token: str) -> None:
        """Read until the stream says that it ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = (
            f"GET /events?job={self.job_id} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        writer.write(request.encode())
        while not self.ended:
            line = (await reader.readline()).decode()
            assert line, f"the stream of job {self.job_id} was cut"
            if line.startswith("data: "):
                self._note(json.loads(line.removeprefix("data: ")))
        writer.close()

    def _note(self, told: dict[str, Any]) -> None:
        if "reason" in told:
            self.ended = True
            return
        self.told.setdefault(told["state"], time.time())
        if told["finished_at"]:
            self.finished_at = datetime.fromisoformat(told["finished_at"]).timestamp()


def measure(stage: Stage, clients: int) -> Chapter:
    """Hold so many streams of jobs that wait, then let the jobs go."""
    _allow_files(2 * clients)
    flower, port = _flower(stage)
    token, _ = tokens.create(user_id=USER, name="benchmark", scopes=[Scope.JOBS_READ])
    stage.close_node()
    followers = [Client(job_id) for job_id in _sent(clients)]
    figures = asyncio.run(_followed(stage, psutil.Process(flower.pid), followers, port, token))
    flower.stop()
    return Chapter("l", f"{clients} streams of events, each of another job", "without streams", figures)


def _allow_files(number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(number + 200, hard)), hard))


def _flower(stage: Stage) -> tuple[Process, int]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    line = [sys.executable, "-m", "crobot_tasks.cli", "flower", "--port", str(port)]
    settings = stage.environment | {"CROBOT_FLOWER_AUTH": "bench:mark", "CROBOT_EVENTS_STREAMS": "100000"}
    process = stage.processes["flower"] = Process("flower", line, stage.folder, **settings)
    wait_for("Flower", lambda: _listens(port))
    return process, port


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _sent(jobs: int) -> list[int]:
    job_ids: list[int] = []
    for start in range(0, jobs, TOGETHER):
        with transaction():
            for number in range(start, min(start + TOGETHER, jobs)):
                sent = tasks.nothing.apply_async((number,), job={"user_id": USER})
                job_ids.append(sent.job_id)
    return job_ids


async def _followed(
    stage: Stage, flower: psutil.Process, clients: Sequence[Client], port: int, token: str
) -> list[Figure]:
    bare_mb = _pss_mb(flower)
    began, cpu_s = time.time(), _cpu_s(flower)
    reading = [asyncio.create_task(client.read(port, token)) for client in clients]
    await _until(clients, "WAITING")
    opened_s, opened_cpu_s, held_mb = time.time() - began, _cpu_s(flower) - cpu_s, _pss_mb(flower)
    cpu_s = _cpu_s(flower)
    await asyncio.sleep(REST_S)
    rest_cpu = (_cpu_s(flower) - cpu_s) / REST_S
    began, cpu_s = time.time(), _cpu_s(flower)
    await asyncio.to_thread(stage.open_node)
    await asyncio.wait_for(asyncio.gather(*reading), TIMEOUT_S)
    ran_s = time.time() - began
    delays = [1000 * (client.told["COMPLETE"] - client.finished_at) for client in clients]
    return [
        Figure("opened", "streams a second", len(clients) / opened_s),
        Figure("opened", "CPU ms a stream", 1000 * opened_cpu_s / len(clients)),
        Figure("memory of Flower, all open", "MB PSS", held_mb, bare_mb, held_mb / bare_mb),
        Figure("memory of a stream", "kB", 1000 * (held_mb - bare_mb) / len(clients)),
        Figure("CPU while nothing happens", "% of a core", 100 * rest_cpu),
        Figure("jobs that end meanwhile", "a second", len(clients) / ran_s),
        Figure("CPU while they end", "% of a core", 100 * (_cpu_s(flower) - cpu_s) / ran_s),
        Figure("from a job's end to its event, p50", "ms", percentile(delays, 50)),
        Figure("from a job's end to its event, p95", "ms", percentile(delays, 95)),
        Figure("from a job's end to its event, longest", "ms", max(delays)),
    ]


async def _until(clients: Sequence[Client], state: str) -> None:
    ends_at = time.monotonic() + TIMEOUT_S
    while missing := [client.job_id for client in clients if state not in client.told]:
        assert time.monotonic() < ends_at, f"{len(missing)} jobs were not told to be {state}"
        await asyncio.sleep(0.05)


def _pss_mb(process: psutil.Process) -> float:
    return float(process.memory_full_info().pss) / 1e6


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
