"""dbos: one process with a queue of its defaults, a thread for each workflow; in bulk by transactions of a client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import sqlalchemy
from dbos import DBOS, DBOSClient, DBOSConfig, EnqueueOptions
from program import Program, Sender, body, main, until_terminated, works

QUEUE = "bench"
SENT = EnqueueOptions(workflow_name="nothing", queue_name=QUEUE)


@DBOS.workflow(name="nothing")
def nothing(number: int) -> None:
    body(number)


def _launch(url: str) -> None:
    config = DBOSConfig(
        name="bench", system_database_url=url, log_level="WARNING", application_version="1",
    )  # fmt: skip
    DBOS(config=config)
    DBOS.launch()


async def prepare(url: str) -> None:
    _launch(url)
    await DBOS.register_queue_async(QUEUE)
    DBOS.destroy()


@asynccontextmanager
async def sender(url: str) -> AsyncIterator[Sender]:
    client = DBOSClient(system_database_url=url)
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))

    async def one(number: int) -> None:
        client.enqueue(SENT, number)

    async def bulk(numbers: Sequence[int]) -> None:
        with engine.begin() as connection:
            for number in numbers:
                client.enqueue_in_transaction(connection, SENT, number)

    yield Sender(one, bulk)
    client.destroy()


async def work(url: str) -> None:
    works()
    _launch(url)
    await until_terminated()
    DBOS.destroy()


if __name__ == "__main__":
    main(Program(prepare, sender, work))
