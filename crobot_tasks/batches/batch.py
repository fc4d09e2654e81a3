"""`Batch`: what a person or a program does with a batch, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Self

from celery.canvas import Signature

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, CRobotError
from crobot_tasks.batches import account, choosing, standing, tending
from crobot_tasks.batches.choosing import Through
from crobot_tasks.batches.making import USUAL, Item, Limits, Plan, make, parts
from crobot_tasks.broker.json_values import plain, written
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.calls.call_options import priority_of
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.operate import hold
from crobot_tasks.operate.resend import AS_BEFORE, Changes, resend_within
from crobot_tasks.webhooks import outcomes
from crobot_tasks.webhooks.address import Address
from db.crobot import batch_counts, batch_items, batches
from db.crobot.batches import Event
from db.crobot.selection import Selection
from db.engine import after_commit, retrying, transaction


class Batch:
    """Many jobs that are sent, watched and steered as one; heads send its items, some at a time.

    Raises:
        UnknownBatch: there is none of this name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._row()

    # --- making -------------------------------------------------------------------------------------------------------

    @classmethod
    def of(
        cls, signatures: Iterable[Signature], *, name: str, limits: Limits = USUAL, **request: Any
    ) -> Self:
        """Make a batch of signatures of jobs, as many as there are: they are read one after the other.

        ``request`` takes ``user_id``, ``workgroup`` and ``priority``, which are the batch's; a signature says its own.

        Raises:
            BadInput: a signature is no job's, or cannot be written as JSON; or the name is taken.
        """
        make(Plan(name, "calls", limits=limits, **request), map(_call, signatures))
        return cls(name)

    @classmethod
    def reassemble(
        cls,
        database: str,
        strains: Iterable[str],
        *,
        name: str,
        params: dict[str, Any] | None = None,
        again: bool = True,
        limits: Limits = USUAL,
        through: Through = iter,
        **request: Any,
    ) -> Self:
        """Make a batch that assembles the reads of strains, by barcode, name, or a run's accession.

        What was assembled by the same version with the same parameters is done again, unless ``again`` is false.
        ``through`` sees the items on their way.

        Raises:
            BadInput: none of the strains is there, a parameter cannot be, or the name is taken.
            UnknownSpecies: there is no such species.
        """
        choosing.check_assembly(database, params or {})
        shared = {"params": params or {}, "again": again}
        plan = Plan(name, "assemble", database, shared, limits=limits, **request)
        make(plan, through(choosing.strains(database, strains)))
        return cls(name)

    @classmethod
    def call_scheme(
        cls,
        database: str,
        scheme: str,
        assemblies: Iterable[str],
        *,
        name: str,
        again: bool = False,
        limits: Limits = USUAL,
        through: Through = iter,
        **request: Any,
    ) -> Self:
        """Make a batch that calls a scheme on assemblies, by their barcodes or by those or the names of strains.

        Raises:
            BadInput: none of the assemblies is there, nothing can be called for the scheme, or the name is taken.
            UnknownSpecies, UnknownScheme: there is none of this name.
        """
        choosing.check_scheme(database, scheme)
        shared = {"scheme": scheme, "again": again}
        plan = Plan(name, "scheme", database, shared, limits=limits, **request)
        make(plan, through(choosing.assemblies(database, assemblies)))
        return cls(name)

    def add(self, keys: Iterable[str], through: Through = iter) -> int:
        """Add strains or assemblies, as `reassemble` and `call_scheme` take them; returns how many are new.

        Raises:
            BadInput: it is a batch of signatures, or it was cancelled.
        """
        row = self._row()
        if row.kind == "calls":
            raise BadInput(f"batch {self.name} is one of signatures: nothing can be added by name")
        choose = choosing.strains if row.kind == "assemble" else choosing.assemblies
        items = parts(through(choose(row.database, keys)))
        return sum(retrying(partial(self._add, part)) for part in items)

    def _add(self, items: Sequence[Item]) -> int:
        with transaction() as session:
            row = batches.lock(session, self.name)
            if row.cancelled_at:
                raise BadInput(f"batch {self.name} was cancelled: make another")
            there = batch_items.already(session, row.id, [item["key"] for item in items])
            new = [item for item in items if item["key"] not in there]
            if new:
                batch_items.add_items(session, row.id, row.size, new)
            return len(new)

    # --- callbacks ----------------------------------------------------------------------------------------------------

    def on_complete(self, signature: Signature) -> Self:
        """Have a signature called, once, when every item is complete or was left out."""
        return self._call_back(Event.COMPLETE, signature)

    def on_failure(self, signature: Signature) -> Self:
        """Have a signature called, once, when a first item has failed."""
        return self._call_back(Event.FAILURE, signature)

    def on_exhausted(self, signature: Signature) -> Self:
        """Have a signature called, once, when every item has ended, however it did."""
        return self._call_back(Event.EXHAUSTED, signature)

    def post_to(self, address: str | Address) -> Self:
        """Have the outcome posted to a web app, each time that the batch ends; an address as a text is checked first.

        Raises:
            BadInput: nothing may be posted there.
        """
        to = outcomes.checked(address) if isinstance(address, str) else address

        def note() -> None:
            with transaction() as session:
                batch = batches.lock(session, self.name)
                tending.post_outcome(session, batch, to, batch.user_id)

        retrying(note)
        return self

    def _call_back(self, event: Event, signature: Signature) -> Self:
        call = plain(dict(signature), f"the callback {signature.task}")

        def note() -> None:
            with transaction() as session:
                batch = batches.lock(session, self.name)
                batches.call_back(session, batch.id, event, call)
                tending.call_back_late(session, batch)

        retrying(note)
        return self

    # --- watching -----------------------------------------------------------------------------------------------------

    def standing(self) -> standing.Standing:
        """Count how its items stand."""
        with transaction() as session:
            return standing.standing(session, self._find(session))

    @property
    def state(self) -> str:
        """How it stands as a whole, in one word."""
        return standing.state(self._row())

    def account(self, part: int = 5_000) -> Iterator[Any]:
        """Yield every item, as `crobot_tasks.batches.account.items`."""
        return account.items(self._row().id, part)

    # --- steering -----------------------------------------------------------------------------------------------------

    def pause(self, reason: str = "") -> None:
        """Send nothing more of it, and hold what waits; what runs goes on.

        Raises:
            BadInput: it is over, or was cancelled.
        """
        plain(reason, "the reason")

        def stop(session: Any, batch: Any) -> None:
            if batch.paused_at:
                raise BadInput(
                    f"batch {self.name} is already paused: {batch.pause_reason or 'no reason was given'}"
                )
            batches.pause(session, self.name, reason)

        self._steer("paused", stop)

    def resume(self) -> None:
        """Go on with a batch that is paused; the failures until now do not pause it again."""

        def go_on(session: Any, batch: Any) -> None:
            batches.resume(session, self.name, standing.standing(session, batch).failed)

        self._steer("resumed", go_on)

    def cancel(self) -> None:
        """Send nothing more of it, for good, and cancel its live jobs."""
        self._steer("cancelled", lambda session, _: batches.cancel(session, self.name))

    def prioritise(self, priority: int) -> None:
        """Give it another priority, 0 (first) to 9, also the jobs that wait."""
        wanted = priority_of(priority)
        self._steer(
            "given another priority", lambda session, _: batches.prioritise(session, self.name, wanted)
        )
        hold.reprioritise(Selection(batch=self.name), wanted)

    def _steer(self, what: str, change: Any) -> None:
        """Change a batch that is not over, and let its live jobs follow at once."""

        def steer() -> list[int]:
            with transaction() as session:
                batch = batches.lock(session, self.name)
                if batch.ended_at or batch.cancelled_at:
                    raise BadInput(f"batch {self.name} is {standing.state(batch)}: it cannot be {what}")
                change(session, batch)
                return tending.enforce(session, batches.lock(session, self.name))

        unwanted = retrying(steer)
        # of many species, maybe; should this not come to its end, heads do it at their next look
        after_commit(lambda: cancel_each(unwanted, "its batch was cancelled"))

    def resend(
        self, outcome: str | None = None, changes: Changes = AS_BEFORE, most: int | None = None
    ) -> dict[int, CRobotError]:
        """Send the items again that failed, or those that failed in one way; returns what could not be, by item.

        ``most``: only so many of them; the same again goes on with the others.

        Raises:
            BadInput: it was cancelled.
        """
        with transaction() as session:
            batch = self._find(session)
            failed = {row.job_id: row.number for row in batch_items.failed(session, batch.id, outcome)[:most]}
        if batch.cancelled_at:
            raise BadInput(f"batch {self.name} was cancelled: make another")
        errors = {}
        for job_id, number in failed.items():
            error = self._resend(job_id, number, changes)
            if error is not None:
                errors[number] = error
        return errors

    def _resend(self, job_id: int, number: int, changes: Changes) -> CRobotError | None:
        """Send one item again, with the note of its new job in one transaction; unless somebody has just done so."""

        def work() -> CRobotError | None:
            with transaction() as session:
                batch = batches.lock(session, self.name)
                if batch_items.job_of(session, batch.id, number) != job_id:
                    return None
                sent = resend_within(session, job_id, changes)
                if isinstance(sent, CRobotError):
                    return sent
                batch_counts.take_off(session, batch.id, [number])
                row = {"number": number, "job_id": sent.job_id, "cached": False, "skipped": ""}
                batch_items.note_sent(session, batch.id, [row])
                return None

        return retrying(work)

    def _row(self) -> Any:
        with transaction() as session:
            return self._find(session)

    def _find(self, session: Any) -> Any:
        return batches.known(session, self.name)


def _call(signature: Signature) -> Item:
    name = signature.task if isinstance(signature, Signature) else None
    if not isinstance(app.tasks.get(name), JobTask):
        raise BadInput(f"{signature!r} is no signature of one job: a batch is made of those")
    return {"key": "", "call": written(dict(signature), f"the call of {name}"), "skipped": ""}
