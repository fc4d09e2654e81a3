"""Which jobs a person means: any combination of numbers, owners, batch, pipeline, species, tag and state; as SQL."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import Any

from db.crobot import JobState

#: the condition on `crobot.jobs` that takes `Selection.values`
CONDITION = """
    (CAST(:ids AS bigint[]) IS NULL OR id = ANY(CAST(:ids AS bigint[])))
      AND (CAST(:user_id AS int) IS NULL OR user_id = CAST(:user_id AS int))
      AND (CAST(:workgroup AS text) IS NULL OR workgroup = :workgroup)
      AND (CAST(:batch AS text) IS NULL OR batch = :batch AND batch <> '')
      AND (CAST(:pipeline AS text) IS NULL OR pipeline = :pipeline)
      AND (CAST(:database AS text) IS NULL OR database = :database)
      AND (CAST(:tag AS text) IS NULL OR tag = :tag)
      AND (CAST(:states AS text[]) IS NULL OR state = ANY(CAST(:states AS text[])))
      AND (CAST(:held AS boolean) IS NOT TRUE OR held_at IS NOT NULL AND state IN ('WAITING', 'ROUTED', 'RUNNING'))"""


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
    states: tuple[JobState, ...] | None = None
    #: only live jobs that are held
    held: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The values of the condition."""
        return asdict(self) | {
            "ids": _as_list(self.ids),
            "states": _as_list(self.states and [state.value for state in self.states]),
        }

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for, so that it would be all jobs."""
        return self == Selection()

    def __str__(self) -> str:
        words = {"ids": "job", "user_id": "user", "database": "species", "states": "state"}
        given = [(words.get(name, name), value) for name, value in asdict(self).items() if value]
        if self.user_id == 0:
            given.append(("user", 0))
        return ", ".join("held" if name == "held" else f"{name} {_in_words(value)}" for name, value in given)


#: every job
ALL = Selection()


def _as_list(values: Collection[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _in_words(value: Any) -> str:
    if not isinstance(value, tuple):
        return str(value)
    shown = " or ".join(map(str, value[:5]))
    return shown + (f" and {len(value) - 5} more" if len(value) > 5 else "")
