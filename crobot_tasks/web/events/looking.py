"""One look at the database for all streams: what has changed since the last one, as it stands now.

The number of its queries does not grow with the streams: one finds what has changed, one reads those jobs. Only a
batch, and a user with many changes, is counted by queries of its own, once for all who follow it, and not in each look.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.web.events import documents
from crobot_tasks.web.events.documents import Document, JobDocument
from crobot_tasks.web.events.followed import Followed, Kind, Position
from db.crobot import live
from db.engine import in_savepoint, transaction

log = logging.getLogger(__name__)

#: milliseconds that one statement may take
STATEMENT_MS = 5000
#: more changes are not told one by one: everything that is followed is read anew
MOST_CHANGES = 5000
#: the same of one user
MOST_OF_USER = 200


@dataclass(frozen=True)
class Question:
    """What is followed, and what is known of it."""

    #: how far the last look saw; None: there was none
    since: Position | None
    followed: frozenset[Followed]
    #: to be read although nothing may have changed
    due: frozenset[Followed] = frozenset()
    #: batches and users that may be counted again, since that was not just done
    ready: frozenset[Followed] = frozenset()
    #: users of whom somebody has seen all until then, the earliest of them
    resumed: Mapping[Followed, Position] = field(default_factory=dict)
    #: jobs at work → how far they are, as was told last
    progress: Mapping[int, str] = field(default_factory=dict)
    #: batches → the version of their row
    versions: Mapping[str, str] = field(default_factory=dict)
    #: tokens that are to be looked at
    tokens: frozenset[int] = frozenset()


@dataclass
class News:
    """What a look has found."""

    position: Position
    #: what was seen before is no use: all that is followed was read
    is_new: bool
    jobs: dict[int, JobDocument] = field(default_factory=dict)
    #: of users: the jobs that have changed, in that order, each with the transaction
    changes: dict[Followed, list[tuple[int, int]]] = field(default_factory=dict)
    #: batches and users that were read; None: it is gone
    whole: dict[Followed, Document | None] = field(default_factory=dict)
    #: those of ``whole`` that have changed, or have too many changes to tell each
    crowded: set[Followed] = field(default_factory=set)
    #: those that have changed, and are to be read later
    later: set[Followed] = field(default_factory=set)
    versions: dict[str, str] = field(default_factory=dict)
    invalid_tokens: set[int] = field(default_factory=set)


def look(question: Question) -> News:
    """Read what has changed; everything in one snapshot, which only reads."""
    with transaction() as session:
        live.begin(session, STATEMENT_MS)
        return _Look(session, question).news()


class _Look:
    def __init__(self, session: Any, question: Question) -> None:
        self._session, self._question = session, question
        now = live.position(session)
        position = Position(now.history, now.seen_to)
        self._up_to = now.up_to
        changes = self._changes(question.since, position)
        self._changed: Sequence[Any] = changes or ()
        self._news = News(position, is_new=changes is None)
        self._jobs_to_read: set[int] = set()
        self._whole: set[Followed] = set()

    def _changes(self, since: Position | None, now: Position) -> Sequence[Any] | None:
        """Return the jobs that have changed; None if there are too many, or nobody knows which."""
        if since is None or not since.is_before(now):
            return None
        rows = live.changed(self._session, since.seen_to, self._up_to, MOST_CHANGES + 1)
        return rows if len(rows) <= MOST_CHANGES else None

    def news(self) -> News:
        question, news = self._question, self._news
        names = [one.name for one in question.followed if one.kind is Kind.BATCH and not one.is_label]
        news.versions = live.batches(self._session, names) if names else {}
        due = question.followed if news.is_new else question.due
        self._whole |= {one for one in due if one.kind is not Kind.JOB}
        self._jobs_to_read |= {one.number for one in due if one.kind is Kind.JOB}
        self._sort_changes()
        self._resume()
        self._look_at_progress()
        news.jobs = documents.jobs(self._session, self._jobs_to_read)
        self._read_whole()
        if question.tokens:
            news.invalid_tokens = live.invalid_tokens(self._session, question.tokens)
        return news

    def _sort_changes(self) -> None:
        """Find out whom the changes concern."""
        question = self._question
        of_users: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for row in self._changed:
            of_users[row.user_id].append((row.id, row.changed_in))
        changed_batches = {row.batch for row in self._changed}
        for one in question.followed:
            match one.kind:
                case Kind.USER if one.number in of_users:
                    self._tell_user(one, of_users[one.number])
                case Kind.BATCH:
                    version, known = self._news.versions.get(one.name), question.versions.get(one.name)
                    if one.name in changed_batches or version != known:
                        self._count(one)
        jobs = {one.number for one in question.followed if one.kind is Kind.JOB}
        self._jobs_to_read |= {row.id for row in self._changed if row.id in jobs}

    def _tell_user(self, one: Followed, changes: list[tuple[int, int]]) -> None:
        if len(changes) > MOST_OF_USER:
            self._count(one)
        else:
            self._news.changes[one] = changes
            self._jobs_to_read |= {job_id for job_id, _ in changes}

    def _count(self, one: Followed) -> None:
        if one in self._question.ready:
            self._whole.add(one)
            self._news.crowded.add(one)
        else:
            self._news.later.add(one)

    def _resume(self) -> None:
        """Find what has changed for users' streams that were interrupted; too much is told as a whole."""
        for one, since in self._question.resumed.items():
            rows = None if one in self._whole else self._changes(since, self._news.position)
            changes = [(row.id, row.changed_in) for row in rows or () if row.user_id == one.number]
            if rows is None or len(changes) > MOST_OF_USER:
                self._whole.add(one)
            else:
                self._news.changes[one] = changes
                self._jobs_to_read |= {job_id for job_id, _ in changes}

    def _look_at_progress(self) -> None:
        """Bodies say how far they are in the rows of attempts, and that alone changes no job."""
        known = self._question.progress
        told = live.progress(self._session, known.keys()) if known else {}
        self._jobs_to_read |= {
            job_id for job_id, progress in told.items() if documents.as_json(progress) != known[job_id]
        }

    def _read_whole(self) -> None:
        """Count batches and users; one that cannot be counted is tried again, and keeps nobody else waiting."""
        for one in self._whole:
            error = in_savepoint(self._session, partial(self._read, one))
            if error is not None:
                log.error("%s cannot be told of", one, exc_info=error)
                self._news.later.add(one)

    def _read(self, one: Followed) -> None:
        if one.kind is not Kind.USER:
            self._news.whole[one] = documents.batch(self._session, one)
            return
        found = documents.user(self._session, one.number)
        self._news.jobs |= found.jobs
        self._news.whole[one] = found
