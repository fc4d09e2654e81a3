"""One job: where it stands and why, its attempts, what it was given and what came of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from crobot_errors import UnknownJob
from crobot_tasks.operate import explain
from crobot_tasks.router.fit import some
from crobot_tasks.web.flower.page import Page
from db.crobot import LIVE, JobState, changes, clock, jobs

#: seconds between two times that a waiting job is shown
_WAITING_S = 15
#: characters of arguments and results that are shown
_MOST = 20_000


class Job(Page):
    """The page of a job."""

    template, tab, least_s = "job.html", "jobs", 1

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read its row, its attempts, and what the router says of it now."""
        job_id = int(path[0])
        job = jobs.find(session, job_id) if job_id < 2**63 else None
        if job is None:
            raise UnknownJob(f"there is no job {job_id}")
        # what is to come is simulated, which takes a second with thousands of waiting jobs
        waits = explain.explain(job_id) if job.state == JobState.WAITING else None
        return {
            "job": job,
            "attempts": [_of_attempt(row, clock.now(session)) for row in jobs.attempts(session, job_id)],
            "why": waits.why if waits else _why(session, job),
            "waits": waits,
            "lacks": _lacks(waits.nodes) if waits else (),
            "actions": _actions(job),
            "changes": changes.of_job(session, job_id),
            "given": _text({"args": job.args, "kwargs": job.kwargs}),
            "result": _text(job.result) if job.result is not None else "",
            "follows": _followed(job),
            "least_s": _WAITING_S if waits else self.least_s,
        }


def _followed(job: Any) -> tuple[str, ...]:
    """Return what may change the page: of a job that waits, what others do, too."""
    if job.state not in LIVE:
        return ()
    others = ("jobs", "cluster") if job.state == JobState.WAITING else ()
    return (f"job.{job.id}", *others)


def _why(session: Any, job: Any) -> str:
    return explain.why_each_waits(session, [job.id]).get(job.id, "") if job.state in LIVE else ""


def _lacks(nodes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what nodes lack for it, each with the first of these nodes; what most of them lack comes first."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, reason in sorted(nodes.items()):
        names[reason or "would take it now"].append(name)
    return [(reason, some(who)) for reason, who in sorted(names.items(), key=lambda one: -len(one[1]))]


def _actions(job: Any) -> list[tuple[str, str]]:
    """Return what can be done to it now, each with what a button says."""
    if job.state not in LIVE:
        return [("resend", "Send again")]
    hold = ("release", "Release") if job.held_at else ("hold", "Hold")
    return [("cancel", "Cancel"), hold, ("priority", "Priority")]


def _of_attempt(row: Any, now: Any) -> dict[str, Any]:
    began, until = row.started_at or row.routed_at, row.ended_at or now
    usage = row.usage if isinstance(row.usage, dict) else {}
    return dict(row._mapping) | {"run_s": (until - began).total_seconds(), "used": usage}


def _text(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return (
        text
        if len(text) <= _MOST
        else f"{text[:_MOST]}\n… {len(text) - _MOST:,} more characters: `crobot show`"
    )
