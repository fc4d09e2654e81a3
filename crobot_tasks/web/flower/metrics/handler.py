"""The address `/metrics`: the numbers, behind the same password as the pages, or a token."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from flower.views.monitor import Metrics as FlowersMetrics
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from tornado import web

from crobot_errors import BadToken, NotAllowed, ServiceError
from crobot_tasks.web.flower.metrics import broker, jobs, nodes, system
from crobot_tasks.web.flower.metrics.by_token import Tokens, token_of
from crobot_tasks.web.flower.metrics.families import number
from crobot_tasks.web.flower.reading import read


class Metrics(FlowersMetrics):
    """Writes them; of the database `crobot_up` alone is left, as 0, if it does not answer."""

    def initialize(self, tokens: Tokens) -> None:
        """Take what all requests share."""
        self._tokens = tokens

    async def get(self) -> None:
        """Write them for a token, or for a password."""
        token = token_of(self.request)
        if token and not await self._may_read(token):
            return
        if not token and not self.current_user:
            raise web.HTTPError(401)
        await self._write()

    async def _may_read(self, token: str) -> bool:
        try:
            await self._tokens.check(token)
        except (BadToken, NotAllowed, ServiceError) as error:
            self.set_status(
                401 if isinstance(error, BadToken) else 403 if isinstance(error, NotAllowed) else 503
            )
            self.set_header("WWW-Authenticate", 'Bearer realm="CRobot"')
            self.finish(str(error))
            return False
        return True

    async def _write(self) -> None:
        await super().get()
        of_broker = asyncio.get_running_loop().run_in_executor(None, broker.read)
        try:
            found = await read(lambda session: list(_read(session)))
        except ServiceError:
            found = [_up(0)]
        self.write(_text([*found, *await of_broker]))


class _Found(Collector):
    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _text(found: Sequence[Metric]) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Found(found))
    return generate_latest(registry)


def _up(value: float) -> Metric:
    return number("crobot_up", "Whether the database answers", value)


def _read(session: Any) -> Iterator[Metric]:
    yield _up(1)
    yield from jobs.read(session)
    yield from nodes.read(session)
    yield from system.read(session)
