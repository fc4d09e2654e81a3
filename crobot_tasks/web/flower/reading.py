"""Pages read the database in threads, in transactions that change nothing and end in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from psycopg2.errors import QueryCanceled
from sqlalchemy.exc import DBAPIError

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import ServiceError
from db.crobot import server
from db.engine import retrying, transaction

#: connections that pages take at a time
_THREADS = 4
#: a page that cannot be read in this time is given up, so that many readers never keep vacuum from its work
TIMEOUT_S = 10

T = TypeVar("T")
_threads = ThreadPoolExecutor(_THREADS, "pages")


async def read(look: Callable[[Any], T]) -> T:
    """Return what ``look`` finds, which gets a session.

    Raises:
        ServiceError: the database does not answer, or not in time.
    """
    return await asyncio.get_running_loop().run_in_executor(_threads, _read, look)


def _read(look: Callable[[Any], T]) -> T:
    def once() -> T:
        with transaction() as session:
            server.only_read(session, TIMEOUT_S)
            return look(session)

    try:
        return retrying(once)
    except DBAPIError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        raise ServiceError(
            f"the database takes longer than {TIMEOUT_S} s over this page: ask for less, or look what else it does"
        ) from error
