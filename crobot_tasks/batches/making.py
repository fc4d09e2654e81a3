"""A batch is made: checked first, then its items are stored; nothing is sent before all of them are there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.batches.kinds import KINDS
from crobot_tasks.broker.json_values import plain
from crobot_tasks.lifecycle.calls.call_options import priority_of
from db.crobot import Batch, batch_items, batches
from db.engine import lock, retrying, transaction
from db.known_species import find_species

T = TypeVar("T")

#: items that one transaction stores
STORED_TOGETHER = 10_000
#: a batch's name is a word in commands and in file names
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
#: batches give way to what people wait for
PRIORITY = 8


@dataclass(frozen=True)
class Limits:
    """How much of a batch is on its way at a time, and how many failures pause it."""

    #: the next slice is sent when fewer of its jobs than this are live
    live: int = 2_000
    #: jobs of one group, sent in one transaction
    slice: int = 1_000
    max_failures: int | None = None
    #: of all items, 0 to 1
    max_failed_share: float | None = None

    def check(self) -> None:
        """Raise BadInput for a limit that cannot be."""
        for name, value in (("live", self.live), ("slice", self.slice), ("max_failures", self.max_failures)):
            if value is not None and value < 1:
                raise BadInput(f"the limit {name} is {value}: it must be at least 1")
        share = self.max_failed_share
        if share is not None and not 0 < share <= 1:
            raise BadInput(f"the share of failures {share:g} is not above 0 and at most 1")


USUAL = Limits()


def check_name(name: str) -> None:
    """Raise BadInput for what no batch can be called."""
    if not NAME.fullmatch(name):
        raise BadInput(f"a batch cannot be named {name!r}: use up to 100 letters, digits, _, . and -")


@dataclass(frozen=True)
class Plan:
    """What a new batch is to be; the names are those of the columns of `crobot.batches`, which say what each is."""

    name: str
    kind: str
    database: str | None = None
    shared: dict[str, Any] = field(default_factory=dict)
    chosen_by: str = ""
    user_id: int = 0
    workgroup: str = ""
    priority: int = PRIORITY
    limits: Limits = USUAL

    def check(self) -> None:
        """Raise BadInput for what cannot be."""
        check_name(self.name)
        if self.kind not in KINDS:
            raise BadInput(f"there is no kind of batch {self.kind!r}: there are {', '.join(KINDS)}")
        plain([self.shared, self.chosen_by, self.workgroup], f"batch {self.name}")
        priority_of(self.priority)
        self.limits.check()

    def row(self) -> Batch:
        """Return the batch's row."""
        own = {name: value for name, value in vars(self).items() if name != "limits"}
        return Batch(
            **own,
            live_limit=self.limits.live,
            slice_size=self.limits.slice,
            max_failures=self.limits.max_failures,
            max_failed_share=self.limits.max_failed_share,
        )


#: an item that is to be stored: ``key``, ``call`` and ``skipped``, as the columns of `crobot.batch_items`; JSON as text
Item = dict[str, Any]


def make(plan: Plan, items: Iterable[Item]) -> None:
    """Store a batch and its items, a few thousand in a transaction; heads send it from then on.

    If the process dies on the way, the same call goes on after the items that are stored.

    Raises:
        BadInput: it cannot be, or the name is taken; nothing was stored.
    """
    plan.check()
    useful = stored = retrying(partial(_begin, plan))
    reason = "it would have no items"
    rest = parts(islice(iter(items), stored, None))
    while part := _next(plan, rest):
        retrying(partial(_add, plan.name, stored, part))
        stored += len(part)
        reasons = [item["skipped"] for item in part if item["skipped"]]
        useful += len(part) - len(reasons)
        reason = reasons[0] if reasons else reason
    if not useful:
        retrying(partial(_drop, plan.name))
        raise BadInput(f"nothing is to be done by batch {plan.name}: {reason}")
    retrying(partial(_made, plan.name))


def _next(plan: Plan, rest: Iterator[Sequence[Item]]) -> Sequence[Item] | None:
    """Return the next items; if one cannot be, nothing of the batch is left, unless somebody else has made it."""
    try:
        return next(rest, None)
    except BadInput:
        retrying(partial(_drop, plan.name))
        raise


def _begin(plan: Plan) -> int:
    """Store the batch without items; returns how many are there, if it was begun before."""
    with transaction() as session:
        if plan.database is not None:
            find_species(session, plan.database)
        lock(session, f"batch {plan.name}")
        found = batches.find(session, plan.name)
        if found is None:
            if batches.is_label(session, plan.name):
                raise BadInput(
                    f"jobs that were sent with --batch {plan.name} are there already: choose another name"
                )
            session.add(plan.row())
            return 0
        same = (found.kind, found.shared, found.user_id) == (plan.kind, plan.shared, plan.user_id)
        if found.made_at is not None or not same:
            raise BadInput(
                f"there is a batch {plan.name} already: choose another name (`crobot batch list --all`)"
            )
        return int(found.size)


def _add(name: str, stored: int, items: Sequence[Item]) -> None:
    with transaction() as session:
        batch = batches.lock(session, name)
        if batch.cancelled_at:
            raise BadInput(f"batch {name} was cancelled while it was made")
        if batch.size != stored or batch.made_at:
            raise BadInput(
                f"batch {name} is being made by somebody else, too: let that be done, or choose another name"
            )
        batch_items.add_items(session, batch.id, batch.size, items)


def _made(name: str) -> None:
    with transaction() as session:
        batch = batches.lock(session, name)
        batches.made(session, batch.id)


def _drop(name: str) -> None:
    with transaction() as session:
        batches.drop(session, name)


def parts(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """Return as many at a time as one transaction stores."""
    items = iter(items)
    while part := list(islice(items, STORED_TOGETHER)):
        yield part
