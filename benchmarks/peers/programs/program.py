"""What the program of each peer does on the command line; it runs in the peer's environment, and needs nothing but it.

    python with_….py prepare|one|bulk|paced|work DATABASE_URL [JOBS]

`one`, `bulk` and `paced` send jobs 0, 1, … and print a line of JSON; `work` works until SIGTERM. A body notes its
number and time in the file that PEER_BEGAN names, so that a job may run in any thread or process. A worker makes the
file PEER_WORKS when it begins to take jobs.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

#: jobs of one call, where many are sent in bulk
BULK = 1000
#: each line of PEER_BEGAN has so many bytes
LINE = "{:010d} {:020.6f}\n"


@dataclass(frozen=True)
class Sender:
    """How one job is sent, and how many are."""

    one: Callable[[int], Awaitable[object]]
    bulk: Callable[[Sequence[int]], Awaitable[object]]


@dataclass(frozen=True)
class Program:
    """One peer."""

    #: database URL → makes its tables
    prepare: Callable[[str], Awaitable[object]]
    sender: Callable[[str], AbstractAsyncContextManager[Sender]]
    #: database URL → works until the process gets SIGTERM
    work: Callable[[str], Awaitable[object]]


def body(number: int) -> None:
    """Note that this job's body has begun: all that a job does."""
    line = LINE.format(number, time.time()).encode()
    began = os.open(os.environ["PEER_BEGAN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(began, line)
    os.close(began)


def works() -> None:
    """Say that this worker is connected, and takes jobs from now on."""
    Path(os.environ["PEER_WORKS"]).touch()


def main(program: Program) -> None:
    """Do what the command line says."""
    role, url, *count = sys.argv[1:]
    if role == "prepare":
        asyncio.run(_awaited(program.prepare(url)))
    elif role == "work":
        asyncio.run(_awaited(program.work(url)))
    else:
        print(json.dumps(asyncio.run(_sent(program, role, url, int(count[0])))), flush=True)


async def until_terminated() -> None:
    """Return when the process gets SIGTERM."""
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()


async def _awaited(one: Awaitable[object]) -> None:
    await one


async def _sent(program: Program, role: str, url: str, count: int) -> dict[str, object]:
    async with program.sender(url) as sender:
        cpu_s, began = time.process_time(), time.perf_counter()
        sent_at = await {"one": _one_by_one, "bulk": _in_bulk, "paced": _paced}[role](sender, count)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "cpu_s": time.process_time() - cpu_s, "sent_at": sent_at}


async def _one_by_one(sender: Sender, count: int) -> list[float]:
    for number in range(count):
        await sender.one(number)
    return []


async def _in_bulk(sender: Sender, count: int) -> list[float]:
    for start in range(0, count, BULK):
        await sender.bulk(range(start, min(start + BULK, count)))
    return []


async def _paced(sender: Sender, count: int) -> list[float]:
    """Send into an idle worker, at no fixed phase of anybody's clock."""
    sent_at = []
    for number in range(count):
        await asyncio.sleep(random.uniform(0.1, 0.2))
        sent_at.append(time.time())
        await sender.one(number)
    return sent_at
