"""Whole transactions that are done again, after a deadlock or a lost connection, or until the database is back."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from db.engine.lost import is_away, may_repeat
from db.engine.transactions import is_open

log = logging.getLogger(__name__)

T = TypeVar("T")


def retrying(work: Callable[[], T], attempts: int = 5) -> T:
    """Call ``work``, one whole transaction, again after a deadlock or a connection lost before the commit."""
    if is_open():
        return work()
    for attempt in range(1, attempts):
        try:
            return work()
        except DBAPIError as error:
            if not may_repeat(error):
                raise
        time.sleep(random.uniform(0, 0.02 * 2**attempt))
    return work()


def patiently(work: Callable[[], T]) -> T:
    """Do the same as `retrying`, however long the database is away; an open transaction is repeated by its owner."""
    if is_open():
        return work()
    while True:
        try:
            return retrying(work)
        # Whatever shape its absence takes.
        except Exception as error:
            if not is_away(error):
                raise
            log.warning("the database is away, and waited for: %s", error)
            time.sleep(1)
