"""Which jobs a person means: any combination of numbers, owners, batch, pipeline, species, state and more; as SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, TypeVar

from db.crobot import LIVE, LIVE_SQL, OVER, JobState

_CONDITION = f"""
    (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[])))
      AND (CAST(:user_id AS int) IS NULL OR user_id = CAST(:user_id AS int))
      AND (CAST(:workgroup AS text) IS NULL OR workgroup = :workgroup)
      AND (CAST(:batch AS text) IS NULL OR batch = :batch AND batch <> '')
      AND (CAST(:pipeline AS text) IS NULL OR pipeline = :pipeline)
      AND (CAST(:database AS text) IS NULL OR database = :database)
      AND (CAST(:tag AS text) IS NULL OR tag = :tag)
      AND (CAST(:node AS text) IS NULL OR node = :node)
      AND (CAST(:outcome AS text) IS NULL OR outcome = :outcome)
      AND (CAST(:sent_from AS timestamptz) IS NULL OR sent_at >= CAST(:sent_from AS timestamptz))
      AND (CAST(:sent_until AS timestamptz) IS NULL OR sent_at < CAST(:sent_until AS timestamptz))
      AND (CAST(:first_id AS bigint) IS NULL OR id >= CAST(:first_id AS bigint))
      AND (CAST(:last_id AS bigint) IS NULL OR id <= CAST(:last_id AS bigint))
      AND (CAST(:held AS boolean) IS NOT TRUE OR held_at IS NOT NULL AND {LIVE_SQL})"""
# The conditions on `crobot.jobs` that take the values of `Selection.parts`. Live jobs are few, and have an index of
# their own; those that are over have an index for each thing that is asked for, in which each state is by itself.
OF_LIVE = f"{_CONDITION} AND {LIVE_SQL} AND state = ANY(:states)"
OF_OVER = f"{_CONDITION} AND state = :state"

#: fields for each of which there is an index
_INDEXED = ("user_id", "workgroup", "batch", "pipeline", "database", "tag", "node", "outcome")

T = TypeVar("T")


@dataclass(frozen=True)
class Selection:
    """Jobs to which all that is given applies; what is None is not asked for."""

    ids: tuple[int, ...] | None = None
    user_id: int | None = None
    workgroup: str | None = None
    batch: str | None = None
    pipeline: str | None = None
    #: the species
    database: str | None = None
    tag: str | None = None
    node: str | None = None
    #: how it failed, or how its last attempt did
    outcome: str | None = None
    sent_from: datetime | None = None
    #: exclusive
    sent_until: datetime | None = None
    #: between which all jobs of these times are: there is no index of times, see `db.crobot.moments`
    first_id: int | None = None
    last_id: int | None = None
    states: tuple[JobState, ...] | None = None
    #: only live jobs that are held
    held: bool = False

    def parts(self, of_live: T, of_over: T) -> Iterator[tuple[T, dict[str, Any]]]:
        """Yield what is to be done with live jobs, and with those over of each state, each with its values."""
        states = tuple(JobState) if self.states is None else self.states
        values = asdict(self) | {"ids": None if self.ids is None else list(self.ids)}
        if live := [state.value for state in states if state in LIVE]:
            yield of_live, values | {"states": live}
        for state in states:
            if state in OVER and not self.held:
                yield of_over, values | {"state": state.value}

    @property
    def is_combined(self) -> bool:
        """Whether no index alone finds those that are over: PostgreSQL may look at all of them for a few."""
        given = [name for name in _INDEXED if getattr(self, name) is not None]
        # failures alone have an index by their kind
        of_failed = self.outcome is None or self.states == (JobState.FAILED,)
        return self.ids is None and (len(given) > 1 or not of_failed)

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for, so that it would be all jobs."""
        return self == Selection()

    def __str__(self) -> str:
        words = {"ids": "job", "user_id": "user", "database": "species", "states": "state",
                 "outcome": "ended as", "sent_from": "sent from", "sent_until": "sent before"}  # fmt: skip
        told = {name: value for name, value in asdict(self).items() if name not in ("first_id", "last_id")}
        given = [(words.get(name, name), value) for name, value in told.items() if value]
        if self.user_id == 0:
            given.append(("user", 0))
        return ", ".join("held" if name == "held" else f"{name} {_in_words(value)}" for name, value in given)


#: every job
ALL = Selection()


def _in_words(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone():%Y-%m-%d %H:%M %Z}"
    if not isinstance(value, tuple):
        return str(value)
    shown = " or ".join(map(str, value[:5]))
    return shown + (f" and {len(value) - 5} more" if len(value) > 5 else "")
