"""Waiting until jobs are over; shared by the commands that do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import UnknownJob
from crobot_tasks.operate.consequences import followers_of
from db.crobot import LIVE, JobState, overview, parking
from db.crobot import jobs as queries
from db.engine import transaction
from db.listener import Listener

#: a busy system gives news more often than anybody wants to read them
_PAUSE_S = 0.1
_LOOK_S = 1.0


def states(job_ids: Iterable[int]) -> dict[int, JobState]:
    """Return the states of jobs.

    Raises:
        UnknownJob: one of them does not exist.
    """
    wanted = list(dict.fromkeys(job_ids))
    with transaction() as session:
        found = queries.states(session, wanted)
    unknown = [job_id for job_id in wanted if job_id not in found]
    if unknown:
        raise UnknownJob(f"there is no job {', '.join(map(str, unknown))}; `crobot jobs` lists them")
    return {job_id: found[job_id] for job_id in wanted}


def until_ended(
    job_ids: Iterable[int],
    timeout_s: float | None,
    *,
    followers: bool = False,
    tell: Callable[[dict[int, JobState]], None] = lambda _: None,
) -> dict[int, JobState]:
    """Wait until all are over, or the time is.

    ``tell`` hears the states; ``followers`` adds the jobs that follow from these.
    """
    ends_at = time.monotonic() + (float("inf") if timeout_s is None else timeout_s)
    wanted = with_followers(job_ids) if followers else list(dict.fromkeys(job_ids))
    with Listener(parking.CHANNEL) as listener:
        while True:
            found = states(wanted)
            tell(found)
            left_s = ends_at - time.monotonic()
            # asked after the states, and in this order: nothing that follows from what is over is overlooked
            more_to_come = followers and _is_to_follow(wanted)
            wanted = with_followers(wanted) if followers else wanted
            is_over = not more_to_come and len(wanted) == len(found)
            if left_s <= 0 or (is_over and not any(state in LIVE for state in found.values())):
                return found
            listener.wait(min(_LOOK_S, left_s))
            time.sleep(_PAUSE_S)


def with_followers(job_ids: Iterable[int]) -> list[int]:
    """Return the jobs and those that followed from them."""
    found = dict.fromkeys(job_ids)
    for job_id in list(found):
        found |= dict.fromkeys(followers_of(job_id))
    return list(found)


def _is_to_follow(job_ids: Sequence[int]) -> bool:
    with transaction() as session:
        return overview.is_to_follow(session, job_ids)
