"""The list of jobs, filtered, by pages that begin after a number: none is missed or shown twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crobot_tasks.operate import explain
from crobot_tasks.web.flower import filters
from crobot_tasks.web.flower.page import Page
from crobot_tasks.web.flower.steering.kinds import KINDS
from db.crobot import LIVE, counting, looking_back
from db.crobot.suggestions import suggestions

LIMIT = 50
#: a longer name makes an address that is too long
_CHARACTERS = 200


class Jobs(Page):
    """Jobs that are selected by the fields of the address."""

    template, tab = "jobs.html", "jobs"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read a page of them, why each waits, and how many there are."""
        fields = filters.fields(self.asked)
        selection = filters.selection(session, fields)
        before = filters.whole("before", self.asked("before"), filters.LAST_JOB)
        found = looking_back.listing(session, selection, before=before, limit=LIMIT + 1)
        shown = found.rows[:LIMIT]
        why = explain.why_each_waits(session, [row.id for row in shown if row.state in LIVE])
        counts = counting.counts(session, selection)
        return {
            "fields": fields,
            "states": filters.STATES,
            "outcomes": filters.OUTCOMES,
            "suggested": suggestions(session),
            "kinds": KINDS.values(),
            "jobs": [dict(row._mapping) | {"why": why.get(row.id, row.message or "")} for row in shown],
            "total": counts.total(),
            "is_estimate": bool(counts.estimated),
            "before": before,
            "following": shown[-1].id if len(found.rows) > LIMIT else None,
            "looked_to": found.looked_to,
            # who reads older pages is not to be led back to the newest
            "follows": () if before else _followed(fields),
        }


def _followed(fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return the jobs that are meant, as narrowly as events tell them apart; and what decides why they wait."""
    if fields["batch"] and len(fields["batch"]) <= _CHARACTERS:
        return (f"batch.{fields['batch']}", "cluster")
    return (f"user.{int(fields['user'])}" if fields["user"] else "jobs", "cluster")
