"""What a page may follow: some jobs, or how something stands; in addresses it is `job.12`, `batch.x` or `cluster`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from crobot_errors import BadInput

#: a page follows a handful
MOST = 8


class Kind(StrEnum):
    """What is followed."""

    #: all jobs
    JOBS = "jobs"
    #: one job, those of a batch, or of a user
    JOB = "job"
    BATCH = "batch"
    USER = "user"
    #: nodes, pauses and the policy: what decides where jobs run
    CLUSTER = "cluster"
    BATCHES = "batches"
    #: who changed what
    CHANGES = "changes"
    #: what is wrong now
    TROUBLES = "troubles"
    #: the log of an attempt, `log.12.1`
    LOG = "log"


_OF_JOBS = (Kind.JOBS, Kind.JOB, Kind.BATCH, Kind.USER)
#: what a name looks like; of a kind that is not here there is only one
_NAMES = {
    Kind.JOB: re.compile(r"[0-9]{1,18}"),
    Kind.USER: re.compile(r"[0-9]{1,10}"),
    Kind.BATCH: re.compile(r".+", re.DOTALL),
    Kind.LOG: re.compile(r"[0-9]{1,18}\.[0-9]{1,10}"),
}
_NOTHING = re.compile("")


@dataclass(frozen=True)
class Topic:
    """One thing that is followed."""

    kind: Kind
    #: number or name; empty: there is only one of the kind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}" if self.name else str(self.kind)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what an address says.

        Raises:
            BadInput: nothing like this can be followed.
        """
        kind, _, name = text.partition(".")
        if kind not in tuple(Kind) or not _NAMES.get(Kind(kind), _NOTHING).fullmatch(name):
            raise BadInput(f"{text!r:.80} cannot be followed: pages follow {', '.join(Kind)}")
        return cls(Kind(kind), name)

    @property
    def is_of_jobs(self) -> bool:
        """Whether changed jobs are news of it; of the others, how they stand is compared."""
        return self.kind in _OF_JOBS

    def concerns(self, job: Any) -> bool:
        """Whether a changed job is one of those that are meant."""
        match self.kind:
            case Kind.JOBS:
                return True
            case Kind.JOB:
                return str(job.id) == self.name
            case Kind.BATCH:
                return bool(job.batch == self.name)
            case Kind.USER:
                return str(job.user_id) == self.name
            case _:
                return False


def parse_all(texts: Sequence[str]) -> frozenset[Topic]:
    """Read what a page follows.

    Raises:
        BadInput: nothing, too much, or what cannot be followed.
    """
    if not 0 < len(texts) <= MOST:
        raise BadInput(f"{len(texts)} things are to be followed: a page follows 1 to {MOST}")
    return frozenset(map(Topic.parse, texts))


def standing(topics: Collection[Topic]) -> frozenset[Topic]:
    """Return those of which it is compared how they stand."""
    return frozenset(one for one in topics if not one.is_of_jobs)
