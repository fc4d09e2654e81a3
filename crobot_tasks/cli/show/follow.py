"""Following a job's log on the shared storage, from attempt to attempt, until the job is over."""

from __future__ import annotations

import time
from typing import Any

from crobot_errors import UnknownJob
from crobot_tasks.cli.output import print_text, say
from crobot_tasks.operate import explain, logs
from db.crobot import LIVE, JobState
from db.crobot import jobs as queries
from db.engine import transaction

LOOK_S = 0.3


def follow_to_end(job_id: int, *, quiet: bool = False) -> JobState:
    """Print the log until the job is over; return how it ended.

    Raises:
        UnknownJob: no job has this number.
    """
    follower = Follower(job_id, quiet)
    while follower.step():
        time.sleep(LOOK_S)
    return follower.state


def find(job_id: int) -> Any:
    """Return a job's row.

    Raises:
        UnknownJob: no job has this number.
    """
    with transaction() as session:
        job = queries.find(session, job_id)
    if job is None:
        raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
    return job


class Follower:
    """What has been printed of a job's logs so far."""

    def __init__(self, job_id: int, quiet: bool = False) -> None:
        self.job_id, self.quiet = job_id, quiet
        self.state = JobState.WAITING
        self._attempt = 0
        self._read = 0
        self._said = ""

    def step(self) -> bool:
        """Print what is new; false when the job is over and all is printed."""
        job = find(self.job_id)
        self.state = JobState(job.state)
        self._to_attempt(job.attempt, job.node)
        if job.state in (JobState.WAITING, JobState.ROUTED):
            self._say(f"job {job.id}: {explain.why_waiting(job.id)}")
        if job.state in LIVE:
            return True
        took = f" on {job.node}" if job.node else ""
        self._say(f"job {job.id} is {job.state}{took}" + (f": {job.message}" if job.message else ""))
        return False

    def _to_attempt(self, number: int, node: str | None) -> None:
        self._print()
        while self._attempt < number:
            self._attempt, self._read = self._attempt + 1, 0
            self._say(
                f"--- attempt {self._attempt}"
                + (f" on {node} ---" if self._attempt == number and node else " ---")
            )
            self._print()

    def _print(self) -> None:
        """Print what the attempt has logged since the last time."""
        if not self._attempt or self.quiet:
            return
        try:
            with logs.path_of(self.job_id, self._attempt).open("rb") as file:
                file.seek(self._read)
                text = file.read()
        except FileNotFoundError:
            return
        self._read += len(text)
        print_text(text.decode(errors="replace"))

    def _say(self, text: str) -> None:
        """Say each thing once, until it changes."""
        if text != self._said and not self.quiet:
            self._said = text
            say(text)
