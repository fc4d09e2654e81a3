"""How long logs are by now; they lie on the storage, which nobody waits for who waits for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from crobot_tasks.operate import logs
from crobot_tasks.web.flower.live.topics import Kind, Topic

#: while the storage does not answer, the lengths of before count, seconds
_PATIENCE_S = 0.5


class LogSizes:
    """Asks the storage in a thread of its own, one question at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "sizes")
        self._asking: asyncio.Future[Mapping[Topic, str]] | None = None
        self._known: Mapping[Topic, str] = {}

    async def of(self, topics: Collection[Topic]) -> dict[Topic, str]:
        """Return the length of each log among the topics, as text; empty: there is none."""
        wanted = [topic for topic in topics if topic.kind is Kind.LOG]
        if not wanted:
            return {}
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().run_in_executor(self._thread, _sizes, wanted)
        done, _ = await asyncio.wait({self._asking}, timeout=_PATIENCE_S)
        if done:
            self._known = self._asking.result()
        return {topic: self._known.get(topic, "") for topic in wanted}


def _sizes(wanted: Collection[Topic]) -> dict[Topic, str]:
    return {topic: _size(topic) for topic in wanted}


def _size(topic: Topic) -> str:
    job, _, attempt = topic.name.partition(".")
    try:
        return str(logs.path_of(int(job), int(attempt)).lstat().st_size)
    except OSError:
        return ""
