"""The end of a log, while tools write it: of gigabytes as quickly as of a line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from crobot_errors import UnknownJob
from crobot_tasks.operate import logs
from crobot_tasks.web.flower import filters
from crobot_tasks.web.flower.live.seen import Seen, digest
from crobot_tasks.web.flower.live.topics import parse_all, standing
from crobot_tasks.web.flower.page import Page
from db.crobot import LIVE, jobs

#: what is shown
LINES, MOST_BYTES = 500, 256 * 1024
_LAST_ATTEMPT = 2**31 - 1

#: the storage may not answer for seconds
_threads = ThreadPoolExecutor(2, "logs")


class Log(Page):
    """The last lines of an attempt, by default the last one."""

    template, tab = "log.html", "jobs"

    async def found(self, *path: str) -> Mapping[str, Any]:
        """Read the job, and then its log: no transaction waits for the storage."""
        found = await super().found(*path)
        job, attempt = found["job"], found["attempt"]
        read = await asyncio.get_running_loop().run_in_executor(_threads, _read, job, attempt)
        return {**found, **read, **_seen(found, read["log"])}

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read the job."""
        number = int(path[0])
        job = jobs.find(session, number)
        if job is None:
            raise UnknownJob(f"there is no job {number}")
        attempt = filters.whole("attempt", self.asked("attempt"), _LAST_ATTEMPT) or job.attempt
        goes_on = job.state in LIVE and attempt >= job.attempt
        return {
            "job": job,
            "attempt": attempt,
            "lines": LINES,
            "follows": _followed(number, attempt) if goes_on else (),
        }


def _followed(number: int, attempt: int) -> tuple[str, ...]:
    return (f"log.{number}.{attempt}", f"job.{number}")


def _seen(found: Mapping[str, Any], log: Any) -> dict[str, Any]:
    """Return what the page has seen, how long the log is among it: that was read after the transaction."""
    if not found["follows"]:
        return {}
    topics = parse_all(found["follows"])
    (of_log,) = standing(topics)
    stands = {of_log: str(log.size_bytes) if log else ""}
    return {"seen": Seen(found["seen"].position, digest(topics, stands))}


def _read(job: Any, attempt: int) -> dict[str, Any]:
    log = logs.last_lines(job.id, attempt, LINES, MOST_BYTES) if attempt else None
    return {"log": log, "why": "" if log else logs.why_none(job, attempt or None)}
