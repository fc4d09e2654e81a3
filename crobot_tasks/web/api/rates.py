"""How many requests a token may make, counted in the broker's store for all processes that answer.

It guards the server from a program that runs wild. If the store is away, nobody is refused: jobs are sent without the
broker, too.
"""

from __future__ import annotations

import math
import time
from functools import cache

from flask import request
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from redis import RedisError

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.addresses import broker_url
from crobot_tasks.web.api.problems import Problem, log

#: methods that change nothing
_READS = ("GET", "HEAD", "OPTIONS")
#: seconds that the store may take; what is away is asked again after so many
_ANSWER_S, _AGAIN_S = 0.5, 10.0
_STORES = {"redis": "redis", "valkey": "redis", "rediss": "rediss", "valkeys": "rediss"}


class Rates:
    """The limits of all tokens; an empty text is no limit."""

    def __init__(self, store: str, reads: str, changes: str) -> None:
        self._limits = {
            "read": _limit("CROBOT_API_READS", reads),
            "change": _limit("CROBOT_API_CHANGES", changes),
        }
        options = (
            {"socket_timeout": _ANSWER_S, "socket_connect_timeout": _ANSWER_S} if "redis" in store else {}
        )
        self._counter = SlidingWindowCounterRateLimiter(storage_from_string(store, **options))
        self._away_until = 0.0

    def count(self, token_id: int) -> None:
        """Count a request.

        Raises:
            Problem: these are too many.
        """
        kind = "read" if request.method in _READS else "change"
        limit = self._limits[kind]
        if limit is None or time.monotonic() < self._away_until:
            return
        try:
            if self._counter.hit(limit, "crobot-api", kind, str(token_id)):
                return
            ends_at = self._counter.get_window_stats(limit, "crobot-api", kind, str(token_id)).reset_time
        except RedisError as error:
            self._away_until = time.monotonic() + _AGAIN_S
            log.warning("requests are not counted for %g s, since the store is away: %s", _AGAIN_S, error)
            return
        raise _too_many(kind, limit, ends_at - time.time())


def _too_many(kind: str, limit: RateLimitItem, left_s: float) -> Problem:
    wait_s = max(1, math.ceil(left_s))
    way_out = "send up to 1,000 jobs in one request, " if kind == "change" else "ask for larger pages, "
    return Problem(
        429,
        f"the token may make {limit.amount:,} requests in {limit.get_expiry():,} s that "
        f"{'change something' if kind == 'change' else 'only read'}: {way_out}or come again after {wait_s} s",
        headers={"Retry-After": str(wait_s)},
    )


def _limit(setting: str, text: str) -> RateLimitItem | None:
    try:
        return parse(text) if text.strip() else None
    except ValueError as error:
        raise BadInput(f"{setting} is {text!r}: write it like 600/minute; empty is no limit") from error


@cache
def rates() -> Rates:
    """Return the limits that the settings say, of this process."""
    return Rates(_store(), celeryconfig.crobot_api_reads, celeryconfig.crobot_api_changes)


def _store() -> str:
    """Return the broker's store; other brokers keep no numbers, so each process counts by itself."""
    first = broker_url().split(";")[0]
    scheme, sign, rest = first.partition("://")
    return f"{_STORES[scheme]}{sign}{rest}" if scheme in _STORES else "memory://"
