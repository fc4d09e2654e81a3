"""Many jobs of one species, sent with a few statements for all of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from crobot_tasks.jobs.base import CRobotJob
from crobot_tasks.lifecycle.calls.sends import at_once
from crobot_tasks.lifecycle.together import together
from db.crobot import jobs as rows
from db.engine import transaction
from db.known_species import find_species


def send_jobs(jobs: Sequence[CRobotJob], *, again: bool = False) -> list[int]:
    """Send job objects of one species, each as by `CRobotJob.send_job`, all or none; returns their numbers, in order.

    It joins the transaction that is open, or has its own.

    Raises:
        BadInput: one cannot work; nothing was stored.
        RuntimeError: they are of several species.
    """
    if not jobs:
        return []
    with transaction(jobs[0].database) as session:
        # Each job asks for its species, which the session has in hand as long as somebody holds it.
        species = find_species(session, jobs[0].database)
        wanted = jobs if again else _unanswered(session, jobs)
        with at_once(), together():
            sent = [one for same in _by_class(wanted) for one in _called(session, same)]
        for job, result in sent:
            job.note_sent(session, result)
        del species
    return [job.number for job in jobs]


def earlier_jobs(session: Session, jobs: Sequence[CRobotJob]) -> list[Any]:
    """Return, for each job, the newest that is over and has its ``cache_key``, or None."""
    keys = [job.cache_key for job in jobs]
    found = rows.cached(session, list(filter(None, keys)))
    return [found.get(key) for key in keys]


def _unanswered(session: Session, jobs: Sequence[CRobotJob]) -> list[CRobotJob]:
    pairs = zip(jobs, earlier_jobs(session, jobs), strict=True)
    return [job for job, earlier in pairs if not job.becomes(session, earlier)]


def _by_class(jobs: Sequence[CRobotJob]) -> Iterable[Sequence[CRobotJob]]:
    found = defaultdict(list)
    for job in jobs:
        found[type(job)].append(job)
    return found.values()


def _called(session: Session, same: Sequence[CRobotJob]) -> Iterator[tuple[CRobotJob, Any]]:
    signatures = type(same[0]).signatures(session, same)
    return ((job, one.apply_async(ignore_result=True)) for job, one in zip(same, signatures, strict=True))
