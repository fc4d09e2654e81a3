"""How a batch stands: counted from its items, never from counters that could drift."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from db.crobot import JobState, batch_counts

#: states of an item that its job does not have
UNSENT, SKIPPED, CACHED, FORGOTTEN = "unsent", "skipped", "cached", "forgotten"


@dataclass(frozen=True)
class Standing:
    """How many items of a batch stand how; each is in one of these: their sum is ``size``."""

    size: int
    #: not sent yet
    unsent: int
    #: sent, and neither begun nor over
    queued: int
    running: int
    complete: int
    #: an earlier job had the result
    cached: int
    failed: int
    cancelled: int
    #: nothing could be sent
    skipped: int
    #: over, but the row of the job has been removed since
    forgotten: int
    #: kind of failure → items
    failures: dict[str, int] = field(default_factory=dict)
    #: CPU seconds of its items' jobs so far, all attempts
    cpu_s: float = 0.0
    #: the same of those that ran to their end, a job
    mean_cpu_s: float | None = None
    began_at: datetime | None = None

    @property
    def live(self) -> int:
        """Items whose job is not over."""
        return self.queued + self.running

    @property
    def over(self) -> int:
        """Items that cannot change any more by themselves."""
        return self.size - self.unsent - self.live

    @property
    def to_come_cpu_s(self) -> float | None:
        """CPU seconds that are to come, if the rest is like what ran; None if nothing ran yet."""
        return None if self.mean_cpu_s is None else self.mean_cpu_s * (self.unsent + self.live)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``, and for pages."""
        return asdict(self) | {"live": self.live, "over": self.over, "to_come_cpu_s": self.to_come_cpu_s}


def standing(session: Any, batch: Any) -> Standing:
    """Count the items of a batch."""
    return standings(session, [batch])[batch.id]


def standings(session: Any, rows: Sequence[Any]) -> dict[int, Standing]:
    """Count the items of batches, all together: batch → how it stands."""
    ids = [batch.id for batch in rows]
    states: defaultdict[int, list[Any]] = defaultdict(list)
    for row in batch_counts.states(session, ids):
        states[row.batch_id].append(row)
    # what a slice has begun and not sent cannot be seen: both are one transaction
    sending = batch_counts.sending(session, ids)
    return {batch.id: _standing(batch, states[batch.id], sending[batch.id]) for batch in rows}


def _standing(batch: Any, states: Sequence[Any], sending: Any) -> Standing:
    items: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    cpu_s: defaultdict[str, float] = defaultdict(float)
    for row in states:
        items[row.state] += int(row.items)
        cpu_s[row.state] += row.cpu_s or 0.0
        if row.state == JobState.FAILED:
            failures[row.outcome] += int(row.items)
    unsent = sending.unsent
    ran = items[JobState.COMPLETE] + items[JobState.FAILED]
    ran_s = cpu_s[JobState.COMPLETE] + cpu_s[JobState.FAILED]
    return Standing(
        size=batch.size,
        unsent=0 if batch.cancelled_at else unsent,
        queued=items[JobState.WAITING] + items[JobState.ROUTED],
        running=items[JobState.RUNNING],
        complete=items[JobState.COMPLETE],
        cached=items[CACHED],
        failed=items[JobState.FAILED],
        cancelled=items[JobState.CANCELLED] + (unsent if batch.cancelled_at else 0),
        skipped=items[SKIPPED],
        forgotten=items[FORGOTTEN],
        failures=dict(failures),
        cpu_s=float(sum(cpu_s.values())),
        mean_cpu_s=ran_s / ran if ran else None,
        began_at=sending.began_at,
    )


def state(batch: Any) -> str:
    """Say in one word how a batch as a whole stands."""
    if batch.ended_at:
        return "cancelled" if batch.cancelled_at else "over"
    if batch.cancelled_at:
        return "being cancelled"
    if batch.paused_at:
        return "paused"
    return "running" if batch.made_at else "being made"
