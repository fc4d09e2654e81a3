"""Who changed what, when and from where: the list, and one change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crobot_errors import BadInput, UnknownChange
from crobot_tasks.broker.json_values import plain
from crobot_tasks.web.flower import filters
from crobot_tasks.web.flower.page import Page
from db.crobot import changes

LIMIT = 50
_LAST_USER = 2**31 - 1
#: what changes are called, for suggestions
ACTIONS = ("send", "cancel", "hold", "release", "priority", "resend", "node drain", "node resume", "batch make",
           "batch pause", "batch resume", "batch cancel", "batch resend", "token create", "token revoke")  # fmt: skip
#: jobs of a change that are named
_NAMED = 50
#: seconds without a slice after which a change under way is thought to have stopped
_STILL_S = 60


class Audit(Page):
    """Changes, the newest first."""

    template, tab = "audit.html", "audit"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read a page of them."""
        fields = {name: str(plain(self.asked(name).strip(), name)) for name in ("who", "what")}
        before = filters.whole("before", self.asked("before"), filters.LAST_JOB)
        asked = _who(fields["who"]) | {"action": fields["what"] or None}
        rows = changes.listing(session, **asked, before=before, limit=LIMIT + 1)
        return {
            "fields": fields,
            "changes": rows[:LIMIT],
            "operators": changes.operators(session),
            "actions": ACTIONS,
            "before": before,
            "following": rows[LIMIT - 1].id if len(rows) > LIMIT else None,
            "follows": () if before else ("changes",),
        }


class Change(Page):
    """One change: how far it is, and what came of it."""

    template, tab, least_s = "change.html", "audit", 1

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read it."""
        number = int(path[0])
        row = changes.find(session, number)
        if row is None:
            raise UnknownChange(f"there is no change {number}: the page Audit lists them")
        # one that a token made, or that is about no jobs, is over when it is there
        under_way = row.asked_jobs is not None and row.ended_at is None
        return {
            "change": row,
            "job_ids": changes.jobs_of(session, number, _NAMED),
            "again": bool(self.asked("again")),
            "under_way": under_way,
            "left": 0 if row.asked_jobs is None else row.asked_jobs - (row.jobs or 0),
            "stopped": under_way and float(row.still_s) > _STILL_S,
            "follows": ("changes",) if under_way else (),
            # that nothing happens any more is told by nobody
            "again_s": _STILL_S if under_way else 0,
        }


def _who(given: str) -> dict[str, Any]:
    """A number is a user's, who has tokens; anything else the name of an operator."""
    if given.isdigit():
        return {"user_id": filters.whole("user", given, _LAST_USER)}
    if len(given) > 200:
        raise BadInput("nobody's name is so long")
    return {"operator": given or None}
