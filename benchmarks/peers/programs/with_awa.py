"""awa-pg: one worker of fifty coroutines, which is its default; in bulk by COPY."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from awa import AsyncClient, Job
from program import Program, Sender, body, main, until_terminated, works

QUEUE = "bench"


@dataclass
class Nothing:
    """The arguments of a job."""

    number: int


async def prepare(url: str) -> None:
    async with AsyncClient(url) as client:
        await client.migrate()
        await client.install_queue_storage()


@asynccontextmanager
async def sender(url: str) -> AsyncIterator[Sender]:
    async with AsyncClient(url) as client:

        async def one(number: int) -> None:
            await client.insert(Nothing(number), queue=QUEUE)

        async def bulk(numbers: Sequence[int]) -> None:
            await client.enqueue_many_copy([Nothing(number) for number in numbers], queue=QUEUE)

        yield Sender(one, bulk)


async def work(url: str) -> None:
    async with AsyncClient(url) as client:

        @client.task(Nothing, queue=QUEUE)
        async def nothing(job: Job[Nothing]) -> None:
            body(job.args.number)

        works()
        await client.start([(QUEUE, 50)])
        await until_terminated()
        await client.shutdown()


if __name__ == "__main__":
    main(Program(prepare, sender, work))
