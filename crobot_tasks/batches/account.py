"""The account of a batch: every item, one after the other, and all of them summed up, whatever their number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from heapq import heappush, heappushpop
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.batches.standing import CACHED, SKIPPED
from db.crobot import JobState, batch_items
from db.engine import transaction

#: causes that are told apart; what is still different then is counted together
CAUSES = 200
#: jobs and items that are named as examples of one cause
EXAMPLES = 5
SLOWEST = 5
OTHERS = "other causes"
#: what differs between jobs of one cause: what is quoted, paths, barcodes, numbers
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|/\S+|\w*\d\w*")


def items(batch_id: int, part: int = 5_000) -> Iterator[Any]:
    """Yield every item of a batch, in order; no transaction stays open meanwhile.

    Each has ``number``, ``key``, ``job_id``, ``state``, ``outcome``, ``message``, ``sent_at``, ``started_at`` (of the
    last attempt), ``finished_at``, ``attempts``, ``cpu_s`` and ``wall_s`` (of all attempts); and of a strain that came
    in by a table ``strain``, its name, and ``lines``, a text such as [2, 3].
    """
    after = 0
    while True:
        with transaction() as session:
            rows = batch_items.account(session, batch_id, after, part)
        if not rows:
            return
        yield from rows
        after = rows[-1].number


@dataclass
class Cause:
    """Why items failed, or were left out."""

    #: of the failure; empty for what was left out
    kind: str
    #: of the first of them
    message: str
    items: int = 0
    #: of the first few: jobs, or keys of what was left out
    examples: list[int | str] = field(default_factory=list)

    def add(self, example: int | str | None) -> None:
        """Count one."""
        self.items += 1
        if example and len(self.examples) < EXAMPLES:
            self.examples.append(example)


class Causes:
    """Items by their cause, the most frequent first; messages that differ only in names and numbers are one."""

    def __init__(self) -> None:
        self._by_shape: dict[tuple[str, str], Cause] = {}

    def add(self, kind: str, message: str, example: int | str | None) -> None:
        """Count an item."""
        shape = (kind, _OWN.sub("…", message))
        if shape not in self._by_shape and len(self._by_shape) >= CAUSES:
            shape, message = (kind, OTHERS), OTHERS
        self._by_shape.setdefault(shape, Cause(kind, message)).add(example)

    def most_frequent(self) -> list[dict[str, Any]]:
        """Return them as documents."""
        return [asdict(one) for one in sorted(self._by_shape.values(), key=lambda one: -one.items)]


class Account:
    """All items of a batch, summed up: each is counted in one state."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.failed, self.left_out = Causes(), Causes()
        self.cpu_s = self.wall_s = 0.0
        self.attempts = 0
        self._slowest: list[tuple[float, int, int, str]] = []

    def add(self, item: Any) -> None:
        """Count an item."""
        self.states[item.state] += 1
        if item.state == JobState.FAILED:
            self.failed.add(item.outcome, item.message or "", item.job_id)
        elif item.state == SKIPPED:
            self.left_out.add("", item.message, item.key)
        self.cpu_s += item.cpu_s
        self.wall_s += item.wall_s
        self.attempts += item.attempts
        if item.wall_s and item.state != CACHED:
            self._note_slow((item.wall_s, -item.number, item.job_id, item.key))

    def _note_slow(self, one: tuple[float, int, int, str]) -> None:
        if len(self._slowest) < SLOWEST:
            heappush(self._slowest, one)
        else:
            heappushpop(self._slowest, one)

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``, and for pages."""
        return {
            "states": dict(self.states),
            "failed": self.failed.most_frequent(),
            "left_out": self.left_out.most_frequent(),
            "cpu_s": self.cpu_s,
            "wall_s": self.wall_s,
            "attempts": self.attempts,
            "slowest": [
                {"job": job_id, "key": key, "wall_s": wall_s}
                for wall_s, _, job_id, key in sorted(self._slowest, reverse=True)
            ],
        }


def sum_up(rows: Iterable[Any]) -> Account:
    """Return the account of items."""
    account = Account()
    for item in rows:
        account.add(item)
    return account
