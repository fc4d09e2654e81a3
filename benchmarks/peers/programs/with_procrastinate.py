"""procrastinate: one worker of ten coroutines; in bulk by `batch_defer_async`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import procrastinate
from program import Program, Sender, body, main, works

app = procrastinate.App(connector=procrastinate.PsycopgConnector())


@app.task(name="nothing")
async def nothing(number: int) -> None:
    body(number)


def _app(url: str) -> procrastinate.App:
    app.connector = app.job_manager.connector = procrastinate.PsycopgConnector(conninfo=url)
    return app


async def prepare(url: str) -> None:
    async with _app(url).open_async() as opened:
        await opened.schema_manager.apply_schema_async()


@asynccontextmanager
async def sender(url: str) -> AsyncIterator[Sender]:
    async def one(number: int) -> None:
        await nothing.defer_async(number=number)

    async def bulk(numbers: Sequence[int]) -> None:
        await nothing.batch_defer_async(*({"number": number} for number in numbers))

    async with _app(url).open_async():
        yield Sender(one, bulk)


async def work(url: str) -> None:
    async with _app(url).open_async() as opened:
        works()
        await opened.run_worker_async(concurrency=10)  # ends by SIGTERM itself


if __name__ == "__main__":
    main(Program(prepare, sender, work))
