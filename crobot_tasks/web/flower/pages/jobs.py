"""The list of jobs, filtered, by pages that begin after a number: none is missed or shown twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.operate import explain
from crobot_tasks.web.flower.page import Page
from db.crobot import LIVE, JobState, counting, jobs
from db.crobot.selection import Selection

LIMIT = 50
#: fields of texts, as the columns are called
_TEXTS = ("pipeline", "database", "workgroup", "batch", "tag", "node")
_LIVE, _LAST_USER, _LAST_JOB = "LIVE", 2**31 - 1, 2**63 - 1


class Jobs(Page):
    """Jobs that are selected by the fields of the address."""

    template, tab = "jobs.html", "jobs"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read a page of them, why each waits, and how many there are."""
        fields = {name: self.asked(name) for name in ("state", "user", *_TEXTS)}
        selection = _selection(fields)
        before = _whole("before", self.asked("before"), _LAST_JOB)
        rows = jobs.listing(session, selection, node=fields["node"] or None, before=before, limit=LIMIT + 1)
        shown = rows[:LIMIT]
        why = explain.why_each_waits(session, [row.id for row in shown if row.state in LIVE])
        counts = counting.counts(session, selection)
        return {
            "fields": fields,
            "states": [_LIVE, *JobState],
            "jobs": [dict(row._mapping) | {"why": why.get(row.id, row.message or "")} for row in shown],
            "total": None if fields["node"] else counts.total(),
            "is_estimate": bool(counts.estimated),
            "before": before,
            "following": shown[-1].id if len(rows) > LIMIT else None,
            # who reads older pages is not to be led back to the newest
            "again_s": 0 if before else self.again_s,
        }


def _selection(fields: Mapping[str, str]) -> Selection:
    state = fields["state"]
    if state and state not in (_LIVE, *JobState):
        raise BadInput(f"there is no state {state!r:.50}: choose one of {', '.join(JobState)}")
    states = None if not state else tuple(LIVE) if state == _LIVE else (JobState(state),)
    texts: dict[str, Any] = {name: fields[name] or None for name in _TEXTS if name != "node"}
    return Selection(user_id=_whole("user", fields["user"], _LAST_USER), states=states, **texts)


def _whole(name: str, given: str, last: int) -> int | None:
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or int(given[:20]) > last:
        raise BadInput(f"{name} {given!r:.50} is not a whole number")
    return int(given)
