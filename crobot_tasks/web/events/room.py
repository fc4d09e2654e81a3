"""The streams that follow the same thing, and what they have been told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crobot_tasks.web.events.documents import Document, JobDocument
from crobot_tasks.web.events.followed import Followed, Kind, Position
from crobot_tasks.web.events.looking import News
from crobot_tasks.web.events.stream import Stream
from crobot_tasks.web.events.wire import event

#: seconds between two counts of a batch, or of a user with many changes, and before one that nothing asked for
COUNT_S, RECOUNT_S = 1.0, 5.0

#: whether a job's document says something that was not told before
IsNews = Callable[[int, JobDocument], bool]


class Room:
    """One followed thing and its streams; it belongs to the thread of the loop."""

    def __init__(self, followed: Followed) -> None:
        self.followed = followed
        self.streams: set[Stream] = set()
        self.read_at = float("-inf")
        #: it has changed, and was not read since
        self.is_dirty = False
        self._shown = ""

    def is_due(self, now_s: float) -> bool:
        """Whether it is to be read although nothing may have changed."""
        if any(stream.is_new and not self._resumes(stream) for stream in self.streams):
            return True
        if self.followed.kind is Kind.JOB:
            return False
        periodic = self.followed.kind is Kind.BATCH and now_s - self.read_at >= RECOUNT_S
        return periodic or (self.is_dirty and self.is_ready(now_s))

    def is_ready(self, now_s: float) -> bool:
        """Whether it may be counted again."""
        return now_s - self.read_at >= COUNT_S

    def resumed(self) -> Position | None:
        """Return how far the new streams have seen that can be told what they missed, the earliest of them."""
        found = [s.since for s in self.streams if s.is_new and s.since and self._resumes(s)]
        return min(found, key=lambda one: one.seen_to, default=None)

    def _resumes(self, stream: Stream) -> bool:
        """Only a user's stream is told the single changes; of a job or a batch the present state says all."""
        return stream.since is not None and self.followed.kind is Kind.USER

    def tell(self, news: News, now_s: float, is_news: IsNews) -> None:
        """Tell each stream what is new to it, and end those whose job or batch is over."""
        for stream in self.streams:
            stream.drop_if_slow()
        match self.followed.kind:
            case Kind.JOB:
                self._tell_job(news)
            case Kind.BATCH:
                self._tell_batch(news)
            case Kind.USER:
                self._tell_user(news, is_news)
        if self.followed in news.whole:
            self.read_at, self.is_dirty = now_s, False
        self.is_dirty |= self.followed in news.later

    def _tell_job(self, news: News) -> None:
        document = news.jobs.get(self.followed.number)
        if document is None:
            if news.is_new or any(stream.is_new for stream in self.streams):
                self._end_all("gone", news.position)
            return
        chunk = event("job", document.text, news.position)
        for stream in self.streams:
            if stream.is_new:
                has_seen = _has_seen(stream.since, document, news.position)
            else:
                has_seen = self._shown == document.text
            if not has_seen:
                stream.put(chunk)
            stream.is_new = False
        self._shown = document.text
        if document.over:
            self._end_all("over", news.position)

    def _tell_batch(self, news: News) -> None:
        if self.followed not in news.whole:
            return
        document = news.whole[self.followed]
        if document is None:
            self._end_all("gone", news.position)
            return
        self._put("batch", document, news.position, to_all=document.news != self._shown)
        self._shown = document.news
        if document.over:
            self._end_all("over", news.position)

    def _tell_user(self, news: News, is_news: IsNews) -> None:
        """Who is new is told the newest jobs, or what they missed; the others the single changes, if those are few."""
        listening = set(self.streams)
        whole = news.whole.get(self.followed)
        if whole is not None:
            to_all = news.is_new or self.is_dirty or self.followed in news.crowded
            listening = set() if to_all else {stream for stream in listening if not stream.is_new}
            self._put("jobs", whole, news.position, to_all=to_all)
        elif self.followed in news.later:
            # who is new waits for the present state
            listening = {stream for stream in listening if not stream.is_new}
        missed = dict(news.changes.get(self.followed, ()))
        for job_id, document in self._of_user(news.jobs).items():
            chunk = event("job", document.text, news.position)
            for stream in listening:
                if stream.is_new:
                    is_new_to_it = _missed(stream.since, missed.get(job_id))
                else:
                    is_new_to_it = is_news(job_id, document)
                if is_new_to_it:
                    stream.put(chunk)
        for stream in listening:
            stream.is_new = False

    def _of_user(self, jobs: Mapping[int, JobDocument]) -> dict[int, JobDocument]:
        return {job_id: one for job_id, one in jobs.items() if one.user_id == self.followed.number}

    def _put(self, name: str, document: Document, position: Position, *, to_all: bool) -> None:
        chunk = event(name, document.text, position)
        for stream in self.streams:
            if to_all or stream.is_new:
                stream.put(chunk)
            stream.is_new = False

    def _end_all(self, reason: str, position: Position) -> None:
        for stream in self.streams:
            stream.end(reason, ending(reason, position))


def ending(reason: str, position: Position) -> bytes:
    """Return the last event of a stream: nothing comes after it, and a client need not connect again."""
    return event("end", f'{{"reason":"{reason}"}}', position)


def _has_seen(since: Position | None, document: JobDocument, now: Position) -> bool:
    """Whether a client that saw all until then knows how the job stands; progress leaves no trace in the position."""
    if since is None or not since.is_before(now) or document.progress:
        return False
    return document.changed_in < since.seen_to


def _missed(since: Position | None, changed_in: int | None) -> bool:
    return since is not None and changed_in is not None and changed_in >= since.seen_to
