"""The web server before the streams of events: one that gathers what it passes on makes them useless."""

from __future__ import annotations

from collections.abc import Iterator

import requests
from urllib3.exceptions import ReadTimeoutError

import celeryconfig
from crobot_tasks.operate import tickets
from crobot_tasks.operate.doctor.finding import Finding, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen, looking
from crobot_tasks.operate.tokens import Scope
from db.crobot import access

#: a stream says something as soon as it is open
FIRST_S = 5.0
_WAY_OUT = "proxy_buffering off for that location, as the page for operators says; look at the log of `crobot flower`"


def examine(seen: Seen) -> Iterator[Finding]:
    """Open a stream at the address that clients are told, as the user of some token, and leave it again."""
    url = celeryconfig.crobot_events_url
    if not url:
        return
    with looking() as session:
        token = next(filter(_opens_streams, access.tokens(session)), None)
    if token is None:
        yield warning(
            f"no token opens a stream at {url}, so nobody knows whether a proxy gathers it",
            "streams come late, or not at all, behind such a proxy",
            "make a token, and ask again: `crobot token create --scope jobs:read`",
        )
    else:
        yield _judged(url, token.user_id, tickets.create_for(token.id))


def _opens_streams(token: object) -> bool:
    over = getattr(token, "revoked_at", None) or getattr(token, "expired", False)
    return not over and bool({Scope.JOBS_READ, Scope.ADMIN_READ} & set(getattr(token, "scopes", ())))


def _is_late(error: Exception) -> bool:
    """Whether nothing came in time; after the headers requests says it in another way."""
    is_cause = any(isinstance(one, ReadTimeoutError) for one in error.args)
    return isinstance(error, requests.exceptions.ReadTimeout) or is_cause


def _judged(url: str, user_id: int, ticket: str) -> Finding:
    late = "users see nothing of their jobs until a page is loaded again"
    try:
        with requests.get(
            url, params={"user": str(user_id), "ticket": ticket}, stream=True, timeout=FIRST_S
        ) as answer:
            if answer.status_code != 200:
                return problem(
                    f"{url} answers with {answer.status_code}", late, "is `crobot flower` behind it?"
                )
            # what comes with the headers is passed on even by proxies that gather the rest
            next(line for line in answer.iter_lines(chunk_size=1) if line.startswith(b"event:"))
    except (requests.RequestException, StopIteration) as error:
        if _is_late(error):
            return problem(
                f"{url} passes nothing on within {FIRST_S:.0f} s: a proxy gathers it", late, _WAY_OUT
            )
        # its text would show the ticket
        return problem(f"{url} cannot be read: {type(error).__name__}", late, _WAY_OUT)
    return ok(f"{url} passes streams on at once")
