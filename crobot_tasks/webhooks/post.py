"""One POST: to an IP address that was checked just before, within a time in all; nothing that it answers is obeyed."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.netutil import Resolver
from tornado.simple_httpclient import HTTPTimeoutError, SimpleAsyncHTTPClient

from crobot_errors import BadInput, text_of
from crobot_tasks.logs import traceparent
from crobot_tasks.router.targets import IpAddress, Targets
from crobot_tasks.webhooks import address, signing
from crobot_tasks.webhooks.address import Address, Lookup
from crobot_tasks.webhooks.schedule import Answer

#: more of an answer is not read
ANSWER_BYTES = 64 * 1024
_AGENT = "CRobot-Webhooks/1"
_ERROR_CHARACTERS = 300


class Pinned(Resolver):
    """Knows the addresses that were checked, and asks nobody."""

    def initialize(self, found: Sequence[IpAddress]) -> None:
        """Take the addresses."""
        self._found = found

    async def resolve(
        self, host: str, port: int, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[tuple[int, Any]]:
        """Return them, whichever host is asked for."""
        return [
            (socket.AF_INET if one.version == 4 else socket.AF_INET6, (str(one), port)) for one in self._found
        ]


class _Head:
    """The beginning of an answer; it counts, also if what comes after it is too much, or breaks off."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.retry_after = ""

    def line(self, text: str) -> None:
        """Take a line: Tornado gives them one by one, the status first."""
        name, _, value = text.partition(":")
        if text.startswith("HTTP/"):
            with suppress(IndexError, ValueError):
                self.status = int(text.split()[1])
        elif name.lower() == "retry-after":
            self.retry_after = value.strip()[:100]


async def post(row: Any, targets: Targets, limit_s: float, lookup: Lookup = socket.getaddrinfo) -> Answer:
    """Post a delivery, as `db.crobot.deliveries.claim` returns it, once, in ``limit_s`` seconds in all."""
    ends_at = time.monotonic() + limit_s
    try:
        to = address.parse(row.url)
        found = await _resolve(to, targets, limit_s, lookup)
    except BadInput as error:
        return Answer(error=_line(error))
    except TimeoutError:
        return Answer(error=f"its name is not resolved within {limit_s:g} s")
    keys = [key for key in row.secrets or () if key]
    if not keys:
        return Answer(error=f"there is no secret for it: `crobot webhooks secret {row.origin}` makes one")
    # as often as it is written, it is the same text: ASCII, so that half a surrogate pair is none either
    body = json.dumps(row.body)
    headers = signing.headers(str(row.message_id), row.now, body, keys)
    if row.traceparent:
        headers[traceparent.HEADER] = row.traceparent
    return await _post(to, found, body, headers, ends_at - time.monotonic(), limit_s)


async def _resolve(to: Address, targets: Targets, limit_s: float, lookup: Lookup) -> list[IpAddress]:
    loop = asyncio.get_running_loop()
    resolving = loop.run_in_executor(address.threads(), address.resolve, to, lookup)
    return address.allowed(to, await asyncio.wait_for(resolving, limit_s), targets)


async def _post(
    to: Address,
    found: Sequence[IpAddress],
    body: str,
    headers: dict[str, str],
    left_s: float,
    limit_s: float,
) -> Answer:
    head = _Head()
    client = SimpleAsyncHTTPClient(
        force_instance=True,
        max_clients=1,
        resolver=Pinned(found=found),
        max_buffer_size=ANSWER_BYTES,
        max_header_size=ANSWER_BYTES,
    )
    request = HTTPRequest(
        to.url,
        method="POST",
        headers=headers | {"Content-Type": "application/json"},
        body=body,
        connect_timeout=max(left_s, 0.001),
        request_timeout=max(left_s, 0.001),
        follow_redirects=False,
        decompress_response=False,
        user_agent=_AGENT,
        header_callback=head.line,
    )
    try:
        await client.fetch(request, raise_error=False)
    except HTTPTimeoutError:
        return Answer(head.status, head.retry_after, f"it has not answered within {limit_s:g} s")
    # Whatever a server does, or its answer causes, is a try that failed.
    except Exception as error:  # noqa: BLE001
        if head.status is None:
            return Answer(error=f"it does not answer: {_line(error)}")
    finally:
        client.close()
    return Answer(head.status, head.retry_after, _refusal(head.status))


def _refusal(status: int | None) -> str:
    if status is None:
        return "it does not answer"
    if 200 <= status < 300:
        return ""
    with suppress(ValueError):
        words = f"it answers {status} {HTTPStatus(status).phrase}"
        return f"{words}: give the address to which it leads" if 300 <= status < 400 else words
    return f"it answers {status}"


def _line(error: BaseException) -> str:
    text = text_of(error).strip() or type(error).__name__
    return text.split("\n")[0][:_ERROR_CHARACTERS]
