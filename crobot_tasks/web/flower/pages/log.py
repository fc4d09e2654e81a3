"""The end of a log, while tools write it: of gigabytes as quickly as of a line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from crobot_errors import UnknownJob
from crobot_tasks.operate import logs
from crobot_tasks.web.flower import filters
from crobot_tasks.web.flower.page import Page
from db.crobot import LIVE, jobs

#: what is shown
LINES, MOST_BYTES = 500, 256 * 1024
_LAST_ATTEMPT = 2**31 - 1

#: the storage may not answer for seconds
_threads = ThreadPoolExecutor(2, "logs")


class Log(Page):
    """The last lines of an attempt, by default the last one."""

    template, tab, again_s = "log.html", "jobs", 2

    async def found(self, *path: str) -> Mapping[str, Any]:
        """Read the job, and then its log: no transaction waits for the storage."""
        found = await super().found(*path)
        job, attempt = found["job"], found["attempt"]
        log = await asyncio.get_running_loop().run_in_executor(_threads, _read, job, attempt)
        return {**found, **log}

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read the job."""
        number = int(path[0])
        job = jobs.find(session, number)
        if job is None:
            raise UnknownJob(f"there is no job {number}")
        attempt = filters.whole("attempt", self.asked("attempt"), _LAST_ATTEMPT) or job.attempt
        goes_on = job.state in LIVE and attempt >= job.attempt
        return {"job": job, "attempt": attempt, "lines": LINES, "again_s": self.again_s if goes_on else 0}


def _read(job: Any, attempt: int) -> dict[str, Any]:
    log = logs.last_lines(job.id, attempt, LINES, MOST_BYTES) if attempt else None
    return {"log": log, "why": "" if log else logs.why_none(job, attempt or None)}
