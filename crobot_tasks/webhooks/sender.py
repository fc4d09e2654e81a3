"""Posts deliveries that are due: a thread with an event loop, in the worker for plain tasks; any number may run."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from celery import bootsteps

import celeryconfig
import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.json_values import storable
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.logs import facts
from crobot_tasks.router.targets import Targets
from crobot_tasks.webhooks.address import Lookup
from crobot_tasks.webhooks.post import post
from crobot_tasks.webhooks.schedule import Answer, next_step
from db.crobot import DeliveryState, SubjectKind, deliveries, webhooks
from db.engine import patiently, transaction
from db.listener import Listener

log = logging.getLogger(__name__)

#: posts at a time, and to one origin; to one that failed the last time, until it answers again
AT_ONCE, TO_ONE, TO_AILING = 64, 4, 1
#: seconds beyond the time limit after which another sender takes a delivery over
MARGIN_S = 15.0
#: seconds between two looks for what is due
POLL_S = 1.0


class Sender:
    """Takes deliveries, posts them, and notes what came of it; a delivery that it dies with is posted by the next."""

    def __init__(self, lookup: Lookup = socket.getaddrinfo) -> None:
        self._lookup = lookup
        self._stopping = threading.Event()
        self._listener = Listener(deliveries.CHANNEL)
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._posting: set[asyncio.Task[None]] = set()
        #: origin → posts that are under way
        self._under_way: Counter[str] = Counter()
        self._ailing: set[str] = set()

    def run(self) -> None:
        """Work until told to stop."""
        asyncio.run(self._work())

    def stop(self) -> None:
        """End after what is being posted."""
        self._stopping.set()
        self._listener.wake()
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._wake.set)

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        listening = asyncio.create_task(self._listen())
        while not self._stopping.is_set():
            try:
                targets, claimed = await asyncio.to_thread(
                    _claim, self._rooms(), AT_ONCE - len(self._posting)
                )
                for row in claimed:
                    self._begin(row, targets)
            # Whatever it was (the database is away), the sender must go on.
            except Exception:
                log.exception("no outcomes are posted now; it is tried again in %g s", POLL_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_S)
            self._wake.clear()
        await asyncio.gather(listening, *self._posting)

    async def _listen(self) -> None:
        with self._listener:
            while not self._stopping.is_set():
                if await asyncio.to_thread(self._listener.wait, POLL_S):
                    self._wake.set()

    def _rooms(self) -> dict[str, int]:
        """Return how many more posts each origin may have, of which that is not the usual number."""
        return {
            origin: max(0, (TO_AILING if origin in self._ailing else TO_ONE) - self._under_way[origin])
            for origin in self._ailing | self._under_way.keys()
        }

    def _begin(self, row: Any, targets: Targets) -> None:
        self._under_way[row.origin] += 1
        task = asyncio.create_task(self._deliver(row, targets))
        self._posting.add(task)
        task.add_done_callback(lambda _: self._end(row.origin, task))

    def _end(self, origin: str, task: asyncio.Task[None]) -> None:
        self._posting.discard(task)
        self._under_way -= Counter([origin])
        self._wake.set()

    async def _deliver(self, row: Any, targets: Targets) -> None:
        facts.begin(job=row.number if row.kind == SubjectKind.JOB else None, traceparent=row.traceparent)
        try:
            answer = await post(row, targets, celeryconfig.crobot_webhook_timeout_s, self._lookup)
            (self._ailing.discard if answer.good else self._ailing.add)(row.origin)
            await asyncio.to_thread(note, row, answer)
        # A defect that one delivery meets must not stop the others; it is taken again when its claim is old.
        except Exception:
            log.exception("delivery %s to %s met a defect", row.id, row.url)


def _claim(rooms: dict[str, int], most: int) -> tuple[Targets, Sequence[Any]]:
    """Take what is due, as much as there is room for."""
    claim_s = celeryconfig.crobot_webhook_timeout_s + MARGIN_S
    with transaction() as session:
        rows = deliveries.claim(session, rooms, room=TO_ONE, most=most, claim_s=claim_s) if most else []
        return policy_in_force.current(session).targets, rows


def note(row: Any, answer: Answer) -> None:
    """Write what came of a try, however long the database is away."""
    step, error = next_step(answer, row.tries), storable(answer.error)

    def work() -> None:
        with transaction() as session:
            if step.state is DeliveryState.WAITING:
                deliveries.try_again(session, row, step.delay_s, answer.status, error)
            else:
                deliveries.end(session, row, step.state, answer.status, error)
            if step.off:
                webhooks.switch_off(session, row.url, row.origin, f"it answered {answer.status}")

    patiently(work)
    if answer.good:
        log.info("delivery %s is taken by %s", row.id, row.origin)
    else:
        log.warning("delivery %s to %s, try %s: %s", row.id, row.url, row.tries, answer.error)


class Sending(bootsteps.StartStopStep):
    """Posts outcomes beside a worker's own work."""

    # its thread must not be there yet when the pool forks
    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._sender = Sender()
        self._thread = threading.Thread(target=self._sender.run, name="outcomes", daemon=True)

    def start(self, worker: Any) -> None:
        """Begin to post."""
        self._thread.start()

    def stop(self, worker: Any) -> None:
        """End after what is being posted."""
        self._sender.stop()
        if self._thread.is_alive():
            self._thread.join(celeryconfig.crobot_webhook_timeout_s + 5)

    terminate = stop
