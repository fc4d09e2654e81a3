"""How jobs, batches and users' jobs stand, as events tell it: read from the database in the open transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crobot_errors import UnknownBatch
from crobot_tasks.batches import overview as batch_overview
from crobot_tasks.operate import explain
from crobot_tasks.web.events.admission import labelled
from crobot_tasks.web.events.followed import Followed
from db.crobot import LIVE, JobState, batches, counting, live
from db.crobot import jobs as queries
from db.crobot.selection import Selection

#: jobs of a user that are told together, the newest
MOST_LISTED = 100
_AT_WORK = (JobState.ROUTED, JobState.RUNNING)
#: of a batch: what changes with the time alone is no news
_NEWS_OF_BATCH = ("state", "items", "live_followers", "pause_reason")


@dataclass(frozen=True)
class Document:
    """How something stands."""

    #: JSON, in one line
    text: str
    #: nothing changes any more
    over: bool = False
    #: of a batch: what makes it news
    news: str = ""


@dataclass(frozen=True)
class JobDocument(Document):
    """How a job stands."""

    user_id: int = 0
    #: the transaction that changed it last; 0: none since there are events
    changed_in: int = 0
    at_work: bool = False
    #: how far it is, as JSON; empty: its body does not say
    progress: str = ""


@dataclass(frozen=True)
class UserDocument(Document):
    """How the jobs of a user stand."""

    jobs: Mapping[int, JobDocument] = field(default_factory=dict)


def jobs(session: Any, job_ids: Collection[int]) -> dict[int, JobDocument]:
    """Return how jobs stand, of those that exist."""
    if not job_ids:
        return {}
    rows = live.jobs(session, job_ids)
    why = explain.why_each_waits(session, [row.id for row in rows if row.state in LIVE])
    return {row.id: _job(row, why.get(row.id, "")) for row in rows}


def _job(row: Any, why: str) -> JobDocument:
    told = dict(row._mapping)
    changed_in = told.pop("changed_in") or 0
    return JobDocument(
        as_json(told | {"why": why}),
        over=row.state not in LIVE,
        user_id=row.user_id,
        changed_in=changed_in,
        at_work=row.state in _AT_WORK,
        progress=as_json(row.progress) if row.progress else "",
    )


def user(session: Any, user_id: int) -> UserDocument:
    """Return a user's newest jobs, and how many are live in each state."""
    listed = queries.listing(session, Selection(user_id=user_id), limit=MOST_LISTED)
    states = counting.counts(session, Selection(user_id=user_id, states=LIVE))
    found = jobs(session, [row.id for row in listed])
    texts = ",".join(found[row.id].text for row in listed)
    counted = as_json({state: states[state] for state in LIVE})
    return UserDocument(f'{{"user":{user_id},"live":{counted},"jobs":[{texts}]}}', jobs=found)


def batch(session: Any, wanted: Followed) -> Document | None:
    """Return how a batch stands; None if it is gone."""
    if wanted.is_label:
        counts = labelled(session, wanted.name, wanted.counted)
        return _batch(batch_overview.of_label(wanted.name, counts)) if counts.total() else None
    try:
        return _batch(batch_overview.of_batch(session, batches.known(session, wanted.name)))
    except UnknownBatch:
        return None


def _batch(overview: batch_overview.Overview) -> Document:
    news = as_json({name: overview.get(name) for name in _NEWS_OF_BATCH})
    return Document(as_json(overview), overview["state"] in batch_overview.OVER, news)


def as_json(value: Any) -> str:
    """Return JSON in one line, times as ISO 8601."""
    return json.dumps(value, default=_time, separators=(",", ":"))


def _time(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} is not for JSON")
