"""(b) A number is given once, also after the database was restored from a backup: heads and the storage remember.

A job that the database has forgotten left files on the storage, and nodes remember its attempts: they would take a new
job of its number for it. So a database that knows less than the storage, a head or a node is moved beyond all of them
before anything is dispatched, and people are told.
"""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from crobot_errors import text_of
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.broker.formats import AttemptKey
from crobot_tasks.lifecycle.storage import mark as storage_mark
from crobot_tasks.lifecycle.storage.access import reading
from db.crobot import dispatching
from db.crobot import numbers as queries
from db.crobot.numbers import Reached
from db.engine import transaction

log = logging.getLogger(__name__)

#: the file at the root of the storage
FILE = ".crobot-numbers"
#: a node that names a job so far ahead of the database is not believed
MOST_AHEAD = 1_000_000
_NOTHING = Reached(0, 0, 0)


class Numbers:
    """How far this head knows numbers to have come."""

    def __init__(self) -> None:
        #: the furthest, whoever said so; None: the storage was not asked yet
        self._known: Reached | None = None
        self._told_by = "the storage"
        #: what the storage remembers
        self._kept = _NOTHING
        #: the highest number that a node named, and which node
        self._heard: tuple[int, str] = (0, "")
        self._trouble = ""

    def hear(self, node: str, attempts: Iterable[AttemptKey]) -> None:
        """Note the attempts that a node names."""
        self._heard = max(self._heard, (max((job_id for job_id, _ in attempts), default=0), node))

    def agree(self, dispatches: int) -> bool:
        """Whether the database, which counts so many dispatches, knows as much as this head: asked by each dispatch."""
        if self._known is None or dispatches < self._known.dispatches:
            return False
        self._known = replace(self._known, dispatches=dispatches)
        return True

    def compare(self) -> None:
        """Compare the database with what is known, move it if it is behind, and let the storage remember."""
        try:
            self._compare()
            self._trouble = ""
        except OSError as error:
            if text_of(error) != self._trouble:
                self._trouble = text_of(error)
                log.warning("the storage cannot remember how far job numbers are: %s", self._trouble)

    def _compare(self) -> None:
        if self._known is None:
            self._known = self._kept = reading(_read)
        with transaction() as session:
            now = queries.reached(session)
        self._believe_node(now)
        if now.is_behind(self._known):
            now = _move(self._known, self._told_by)
        if now.is_behind(self._known):
            return  # another head is dispatching, or moves it
        self._known, self._told_by = now, "a head"
        if now != self._kept:
            reading(lambda: _write(now))
            self._kept = now

    def _believe_node(self, now: Reached) -> None:
        job_id, node = self._heard
        self._heard = (0, "")
        assert self._known is not None
        if self._known.jobs < job_id <= now.jobs + MOST_AHEAD:
            self._known, self._told_by = replace(self._known, jobs=job_id), f"node {node}"


numbers = Numbers()


def in_words(restore: Any) -> str:
    """Say what a database that came from a backup does not know, and what to do."""
    count = restore.last_job - restore.first_job + 1
    jobs = f"jobs {restore.first_job} to {restore.last_job} ({count:,})" if count > 0 else "no jobs"
    reports = (
        f"; {restore.reports:,} reports on what it does not know changed nothing" if restore.reports else ""
    )
    return (
        f"the database knew less than {restore.told_by}: was it restored from a backup?"
        f" It lacks {jobs} and {restore.dispatches:,} dispatches{reports}."
        " No number is given twice; what is missing must be sent again: docs/operators.md, 'Backup and restore'"
    )


def _move(known: Reached, told_by: str) -> Reached:
    """Move the database beyond what is known; return how far it is then."""
    with transaction() as session:
        if dispatching.only_dispatch(session) is None or not queries.reached(session).is_behind(known):
            return queries.reached(session)
        restore = queries.restore(session, known, told_by)
        now = queries.reached(session)
    log.error("%s", in_words(restore))
    return now


def _read() -> Reached:
    if away := storage_mark.why_away():
        raise OSError(away)
    path = storage_root() / FILE
    try:
        said: dict[str, Any] = json.loads(path.read_text())
        return Reached(int(said["dispatches"]), int(said["jobs"]), int(said["restores"]))
    except FileNotFoundError:
        return _NOTHING
    except (ValueError, LookupError, TypeError) as error:
        log.error("%s does not say how far job numbers are, and is written anew: %r", path, error)
        return _NOTHING


def _write(reached: Reached) -> None:
    if away := storage_mark.why_away():
        raise OSError(away)
    path = storage_root() / FILE
    draft = path.with_name(f"{FILE}.{socket.gethostname()}.{os.getpid()}")
    try:
        with draft.open("w") as file:
            json.dump(vars(reached), file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
