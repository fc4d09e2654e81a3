"""Lists of jobs by pages: each begins after the last job of the one before, so nothing is missed or shown twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from crobot_tasks.operate import explain, names
from crobot_tasks.operate.tokens import Caller
from crobot_tasks.web.api import marks
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.paths import job_path
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
    before = marks.begin(asked, "job")
    found: dict[int, Any] = {}
    with transaction() as session:
        for part in _shown(selection, caller()):
            rows = queries.listing(session, part, before=before, limit=limit + 1)
            found |= {row.id: row for row in rows}
        ids = sorted(found, reverse=True)[:limit]
        why = explain.why_each_waits(session, [job_id for job_id in ids if found[job_id].state in LIVE])
    if not ids:
        names.check(selection)  # a name that was mistyped is no empty list
    jobs = [
        dict(found[job_id]._mapping) | {"why": why.get(job_id, ""), "url": job_path(job_id)} for job_id in ids
    ]
    return {"jobs": jobs, "next": marks.following(ids[-1] if len(found) > limit else None, "job")}


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
    named = {name: asked.get(name) for name in ("pipeline", "database", "batch", "tag", "workgroup", "node")}
    return Selection(
        user_id=asked.get("user"),
        states=tuple(dict.fromkeys(states)) or None,
        held=asked.get("held", False),
        **named,
    )
