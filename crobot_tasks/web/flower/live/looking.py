"""One look at the database for all open pages: which jobs have changed since the last one, and how the rest stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from crobot_tasks.web.events.followed import Position
from crobot_tasks.web.flower.live.seen import read_stands
from crobot_tasks.web.flower.live.topics import Topic
from db.crobot import live

#: more changes are not told apart: every page that shows jobs is old
MOST_CHANGES = 2000

#: jobs that were told, and the transactions that changed them
Told = frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Found:
    """What a look has found."""

    position: Position
    #: the first change that was looked for
    first: Position | None
    #: jobs that have changed from there on; None: too many, or nobody knows which
    changed: Sequence[Any] | None
    #: those of them that were not told before; None: as above
    news: Sequence[Any] | None
    stands: dict[Topic, str]

    def since(self, position: Position) -> Sequence[Any] | None:
        """Return what has changed since an earlier look than the last one; None: nobody knows."""
        known = (
            self.first is not None and self.first.is_before(position) and position.is_before(self.position)
        )
        if self.changed is None or not known:
            return None
        return [row for row in self.changed if row.changed_in >= position.seen_to]

    @property
    def told(self) -> Told:
        """What the next look finds again: other transactions that began before these have not ended."""
        seen_to = self.position.seen_to
        return frozenset((row.id, row.changed_in) for row in self.changed or () if row.changed_in >= seen_to)


def look(
    session: Any, last: Position | None, others: Collection[Position], told: Told, topics: Collection[Topic]
) -> Found:
    """Read what has changed since the last look, or since the earliest of ``others`` of the same database."""
    now = live.position(session)
    position = Position(now.history, now.seen_to)
    known = [one for one in (last, *others) if one is not None and one.is_before(position)]
    first = min(known, key=lambda one: one.seen_to, default=None)
    changed: Sequence[Any] | None = None
    if first is not None:
        rows = live.changed(session, first.seen_to, now.up_to, MOST_CHANGES + 1)
        changed = rows if len(rows) <= MOST_CHANGES else None
    news = None
    if changed is not None and last is not None and last.is_before(position):
        after = last.seen_to
        news = [row for row in changed if row.changed_in >= after and (row.id, row.changed_in) not in told]
    return Found(position, first, changed, news, read_stands(session, topics))
