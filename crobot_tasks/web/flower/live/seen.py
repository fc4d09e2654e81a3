"""What a page has seen: which changes of jobs, and how the rest stood; so the server knows whether the page is old."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from crobot_tasks.operate.troubles import Trouble, troubles
from crobot_tasks.web.events.followed import Position
from crobot_tasks.web.flower.live.topics import Kind, Topic, standing
from db.crobot import live, stands


def told(wrong: Sequence[Trouble]) -> str:
    """Return which troubles there are; not what is said of each: how long it lasts is in it."""
    return "\n".join(f"{one.way_out} {one.why}" for one in wrong)


#: kind → how it stands, as a text that is another after each change
_READ: Mapping[Kind, Callable[[Any], str]] = {
    Kind.CLUSTER: stands.cluster,
    Kind.BATCHES: stands.batches,
    Kind.CHANGES: stands.changes,
    Kind.TROUBLES: lambda session: told(troubles(session)),
}

#: topic → how it stands
Stands = Mapping[Topic, str]


@dataclass(frozen=True)
class Seen:
    """What a page, or a stream, has seen."""

    position: Position
    #: of how all that it follows stands, beside jobs
    digest: str

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Read what a page says; None if it was not written here."""
        before, _, digest = text.rpartition(".")
        position = Position.parse(before)
        return cls(position, digest) if position and digest.isalnum() else None

    def __str__(self) -> str:
        return f"{self.position}.{self.digest}"


def read_stands(session: Any, topics: Collection[Topic]) -> dict[Topic, str]:
    """Read how these stand, of what the database knows: logs lie elsewhere."""
    return {topic: _READ[topic.kind](session) for topic in topics if topic.kind in _READ}


def digest(topics: Collection[Topic], stands: Stands) -> str:
    """Return how all that is followed stands, in a few letters."""
    text = "\0".join(f"{topic} {stands.get(topic, '')}" for topic in sorted(standing(topics), key=str))
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]


def position_of(session: Any) -> Position:
    """Return how far the open transaction sees."""
    row = live.position(session)
    return Position(row.history, row.seen_to)


def seen(session: Any, topics: Collection[Topic], known: Stands) -> Seen:
    """Return what a page sees that is made in this transaction, which sees one moment; ``known`` is not read again."""
    stands = read_stands(session, standing(topics) - known.keys())
    return Seen(position_of(session), digest(topics, {**known, **stands}))
