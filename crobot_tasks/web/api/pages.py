"""Lists of jobs by pages: each begins after the last job of the one before, so nothing is missed or shown twice."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import request

from crobot_tasks.operate import explain, names
from crobot_tasks.operate.tokens import Caller
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.paths import job_path
from crobot_tasks.web.api.problems import Problem
from db.crobot import LIVE, JobState
from db.crobot import jobs as queries
from db.crobot.selection import Selection
from db.engine import transaction


def page(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of jobs, and the path of the next one.

    Raises:
        BadInput: a pipeline or a species that there is none of.
        Problem: ``after`` is not from an answer.
    """
    selection, limit = _selection(asked), asked["limit"]
    before = _job_of(asked["after"]) if "after" in asked else None
    found: dict[int, Any] = {}
    with transaction() as session:
        for part in _shown(selection, caller()):
            rows = queries.listing(session, part, node=asked.get("node"), before=before, limit=limit + 1)
            found |= {row.id: row for row in rows}
        ids = sorted(found, reverse=True)[:limit]
        why = explain.why_each_waits(session, [job_id for job_id in ids if found[job_id].state in LIVE])
    if not ids:
        names.check(selection)  # a name that was mistyped is no empty list
    jobs = [
        dict(found[job_id]._mapping) | {"why": why.get(job_id, ""), "url": job_path(job_id)} for job_id in ids
    ]
    return {"jobs": jobs, "next": _next(ids[-1]) if len(found) > limit else None}


def _shown(selection: Selection, who: Caller) -> Iterator[Selection]:
    """Yield what of a selection the caller sees: an index finds each part, and jobs in both are found twice."""
    if who.sees_all:
        yield selection
        return
    if selection.user_id in (None, who.user_id):
        yield replace(selection, user_id=who.user_id)
    if who.workgroup and selection.workgroup in (None, who.workgroup):
        yield replace(selection, workgroup=who.workgroup)


def _selection(asked: Mapping[str, Any]) -> Selection:
    states = [
        one for state in asked.get("state", []) for one in (LIVE if state == "LIVE" else [JobState(state)])
    ]
    named = {name: asked.get(name) for name in ("pipeline", "database", "batch", "tag", "workgroup")}
    return Selection(
        user_id=asked.get("user"),
        states=tuple(dict.fromkeys(states)) or None,
        held=asked.get("held", False),
        **named,
    )


def _next(job_id: int) -> str:
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "after"]
    return f"{request.path}?{urlencode([*kept, ('after', _after(job_id))])}"


def _after(job_id: int) -> str:
    return base64.urlsafe_b64encode(f"job {job_id}".encode()).decode().rstrip("=")


def _job_of(after: str) -> int:
    try:
        text = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True).decode()
        number = int(text.removeprefix("job "))
    except (binascii.Error, ValueError):
        number = 0
    if not 0 < number < 2**63 or _after(number) != after:
        raise Problem(
            422,
            "after is not from an answer",
            [Field("after", after, "take it from `next`, or leave it out")],
        )
    return number
