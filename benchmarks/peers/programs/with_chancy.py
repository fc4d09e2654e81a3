"""chancy: one worker, a process a core, that asks for jobs again as soon as one ends; in bulk by `push_many`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chancy import Chancy, Job, Queue, Worker
from program import Program, Sender, body, main, until_terminated, works

#: its own logger writes a line for each job
logger = logging.getLogger("chancy")
logger.setLevel(logging.WARNING)


def nothing(*, number: int) -> None:
    body(number)


def _job(number: int) -> Job:
    return Job.from_func(nothing).with_kwargs(number=number)


async def prepare(url: str) -> None:
    async with Chancy(url, log=logger) as chancy:
        await chancy.migrate()
        await chancy.declare(Queue("default", eager_polling=True))


@asynccontextmanager
async def sender(url: str) -> AsyncIterator[Sender]:
    async with Chancy(url, log=logger) as chancy:

        async def one(number: int) -> None:
            await chancy.push(_job(number))

        async def bulk(numbers: Sequence[int]) -> None:
            async for _ in chancy.push_many([_job(number) for number in numbers]):
                pass

        yield Sender(one, bulk)


async def work(url: str) -> None:
    async with Chancy(url, log=logger) as chancy:
        works()
        async with Worker(chancy, register_signal_handlers=False):
            await until_terminated()


if __name__ == "__main__":
    main(Program(prepare, sender, work))
