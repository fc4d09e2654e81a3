"""`/api/v1.0/jobs/N/log`: what an attempt's tools said: whole, in ranges, its end, or what comes while it runs.

A log may have gigabytes, and it grows while it is read: a piece is read at a time, and an answer ends where the log
ended when it was asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, stream_with_context

import celeryconfig
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.operate import logs
from crobot_tasks.web.api import stored_files
from crobot_tasks.web.api.access import visible
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.jobs import READ
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.schemas import LogQuery
from db.crobot import LIVE
from workers.storage import job_dir

KIND = "text/plain; charset=utf-8"
#: bytes that are read at a time
PIECE = 64 * 1024
#: bytes that one answer to a client which follows has at most
FOLLOWED = 1024**2
#: bytes before the end among which the last lines are looked for
TAIL = 4 * 1024**2
LOOK_S = 0.25
#: requests of a process that may wait for a log at a time; others are answered at once, so that threads are left
MOST_WAITING = 4

_waiting = threading.BoundedSemaphore(MOST_WAITING)

blueprint = Blueprint("crobot-log", url_prefix=f"{ROOT}/jobs/<int:job_id>/log", description="Logs of jobs.")


@blueprint.route("", methods=["GET"])
@blueprint.sends_file(*READ, refuses=(422,), kind="text/plain")
@blueprint.arguments(LogQuery, location="query")
def get(asked: dict[str, Any], job_id: int) -> Response:
    """Get the log of an attempt: whole, the range of the header Range, its last lines, or what came since a byte.

    With `after`, the header Link names with rel="next" what to ask next, until the job is over and all is told.
    """
    job = visible(job_id)
    if "after" in asked:
        return _followed(job, asked)
    path = _path(job_id, asked.get("attempt") or job.attempt)
    if path is None:
        raise Problem(404, logs.why_none(job, asked.get("attempt")))
    if "tail" in asked:
        end = stored_files.size(path)
        return _text(path, logs.tail(path, end, asked["tail"], TAIL), end)
    if celeryconfig.crobot_api_accel:
        return stored_files.by_nginx(path, KIND)
    return _ranged(path)


def _path(job_id: int, attempt: int) -> Path | None:
    return stored_files.find(str(logs.path_of(job_id, attempt)), [job_dir(storage_root(), job_id)])


def _ranged(path: Path) -> Response:
    """Send all of it, or the one range that is asked for."""
    end = stored_files.size(path)
    asked = request.range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return _text(path, 0, end)
    span = asked.range_for_length(end)
    if span is None:
        raise _beyond(end)
    response = _text(path, *span, status=206)
    response.headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{end}"
    return response


def _beyond(end: int) -> Problem:
    headers = {"Content-Range": f"bytes */{end}"}
    return Problem(416, f"the log has {end:,} bytes: ask for a part of these", headers=headers)


def _text(path: Path, begin: int, end: int, status: int = 200) -> Response:
    response = Response(stream_with_context(_pieces(path, begin, end)), status, content_type=KIND)
    response.content_length = end - begin
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _pieces(path: Path, begin: int, end: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(begin)
        while (left := end - begin) > 0 and (piece := file.read(min(PIECE, left))):
            begin += len(piece)
            yield piece


# --- following --------------------------------------------------------------------------------------------------------


def _followed(job: Any, asked: Mapping[str, Any]) -> Response:
    """Send what came after a byte; if nothing did, wait for it as long as the client wants."""
    number = asked.get("attempt") or max(1, job.attempt)
    after = asked["after"]
    job, path, end = _awaited(job, number, after, asked["wait"])
    if end < after:
        raise _beyond(end)
    begin, end = after, min(end, after + FOLLOWED)
    response = _text(path, begin, end) if path is not None else Response(content_type=KIND)
    is_all = path is None or end == stored_files.size(path)
    if following := _next(job, number, end, is_all, asked["wait"]):
        response.headers["Link"] = f'<{request.path}?{urlencode(following)}>; rel="next"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _next(job: Any, number: int, end: int, is_all: bool, wait: float) -> dict[str, Any]:
    """Return the query by which it goes on; empty if all is told."""
    if is_all and _is_over(job, number):
        if job.attempt <= number:
            return {}
        number, end = number + 1, 0
    return {"attempt": number, "after": end, "wait": f"{wait:g}"}


def _is_over(job: Any, number: int) -> bool:
    """Whether an attempt writes nothing more."""
    return job.attempt > number or job.state not in LIVE


def _awaited(job: Any, number: int, after: int, wait: float) -> tuple[Any, Path | None, int]:
    """Return job, log and its length, once there is something after a byte, nothing can come, or the time is over."""
    ends_at = time.monotonic() + wait
    may_wait = wait > 0 and _waiting.acquire(blocking=False)
    try:
        while True:
            # first whether it goes on, then what there is: so nothing is missed that came in between
            path = _path(job.id, number)
            end = 0 if path is None else stored_files.size(path)
            if end != after or _is_over(job, number) or not may_wait or time.monotonic() >= ends_at:
                return job, path, end
            time.sleep(LOOK_S)
            job = visible(job.id)
    finally:
        if may_wait:
            _waiting.release()
