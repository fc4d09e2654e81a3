"""pgqueuer on asyncpg: one worker; PEER_BATCH jobs are fetched and ended at a time; in bulk by arrays."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from program import Program, Sender, body, main, until_terminated, works


async def prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    await Queries.from_asyncpg_connection(connection).install()
    await connection.close()


@asynccontextmanager
async def sender(url: str) -> AsyncIterator[Sender]:
    connection = await asyncpg.connect(url)
    queries = Queries.from_asyncpg_connection(connection)

    async def one(number: int) -> None:
        await queries.enqueue("nothing", b"%d" % number)

    async def bulk(numbers: Sequence[int]) -> None:
        payloads: list[bytes | None] = [b"%d" % number for number in numbers]
        await queries.enqueue(["nothing"] * len(payloads), payloads, [0] * len(payloads))

    yield Sender(one, bulk)
    await connection.close()


async def work(url: str) -> None:
    queuer = PgQueuer.from_asyncpg_connection(await asyncpg.connect(url))

    @queuer.entrypoint("nothing")
    async def nothing(job: Job) -> None:
        body(int(job.payload or b""))

    works()
    working = asyncio.create_task(queuer.run(batch_size=int(os.environ["PEER_BATCH"])))
    await until_terminated()
    queuer.shutdown.set()
    await working


if __name__ == "__main__":
    main(Program(prepare, sender, work))
