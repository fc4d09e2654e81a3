"""The head: a Celery worker that does all the writing, with a thread that dispatches; any number of heads may run."""

from __future__ import annotations

import logging
import socket
import threading
import time
from typing import Any

from celery import bootsteps
from celery.concurrency.thread import TaskPool
from celery.signals import worker_ready

import celeryconfig
from crobot_tasks.broker.kombu_patches import survive_lost_connections
from crobot_tasks.broker.queues import CALLBACKS, HEARTBEATS, REPORTS, SETTLE
from crobot_tasks.celery import app
from crobot_tasks.head.consumer import HeadConsumer
from crobot_tasks.head.dispatch import dispatch, expire_overdue, fold
from crobot_tasks.head.leases import quarantine_failing
from crobot_tasks.head.numbers import numbers
from crobot_tasks.lifecycle.policy_in_force import PolicyFile
from crobot_tasks.lifecycle.settle import settle_overdue
from crobot_tasks.webhooks.sender import Sending
from db.crobot import parking
from db.listener import Listener

log = logging.getLogger(__name__)

#: modules whose tasks a head runs
HEARS = (
    "crobot_tasks.batches.tending",
    "crobot_tasks.broker.storage_check",
    "crobot_tasks.maintenance.daily",
    "crobot_tasks.maintenance.pruning.prune",
    "crobot_tasks.head.consumer",
    "crobot_tasks.head.leases",
    "crobot_tasks.head.remote_control",
    "crobot_tasks.head.unread_callbacks",
    "crobot_tasks.intake.uploads.tending",
    "crobot_tasks.jobs.following",
    "crobot_tasks.jobs.local",
    "crobot_tasks.jobs.snp.moving",
    "crobot_tasks.lifecycle.settle",
)
#: transactions at a time; the work is the database's, so threads are enough
THREADS = 4
#: seconds between two rounds of chores
CHORES_S = 1.0
#: longest time between two dispatches while there is something to do
PACE_S = 0.02


class Threads(TaskPool):
    """Celery's threads, which wake the worker's loop when one is free.

    The loop takes no message while all are busy. Nothing would tell it that one is free again before its next tick, a
    second later: with many messages waiting, a head would read no more than `THREADS` of them a second.
    """

    #: the worker's loop; kombu's own `get_event_loop` forgets it when a connection is lost
    _loop: Any = None

    def register_with_event_loop(self, loop: Any) -> None:
        """Remember the loop, at the start and after each reconnection."""
        self._loop = loop

    def on_apply(self, *args: Any, **kwargs: Any) -> Any:
        """Run a task in a thread."""
        result = super().on_apply(*args, **kwargs)
        result.f.add_done_callback(self._wake)
        return result

    def _wake(self, _: object) -> None:
        if self._loop is not None:
            self._loop.call_soon(_nothing)


def _nothing() -> None:
    """The loop looks at its queues after any call."""


class Chores:
    """What is done every now and then beside dispatching; each head does them, and twice does no harm."""

    def __init__(self) -> None:
        self._policy = PolicyFile()
        self._next = 0.0

    def do(self) -> None:
        """Do them if a second has passed."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + CHORES_S
        for chore in (numbers.compare, self._policy.take, expire_overdue, fold, quarantine_failing):
            try:
                chore()
            # A chore that fails must keep neither the others nor the dispatch from being done.
            except Exception:
                log.exception("a chore of the head failed; it is done again in %g s", CHORES_S)


class Dispatcher(bootsteps.StartStopStep):
    """Dispatches when somebody has sent a job or a core became free, and at intervals in case that went unheard."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._stopping = threading.Event()
        self._listener = Listener(parking.CHANNEL)
        self._thread = threading.Thread(target=self._run, name="dispatcher", daemon=True)

    def start(self, worker: Any) -> None:
        """Begin to dispatch."""
        self._thread.start()

    def stop(self, worker: Any) -> None:
        """End after the dispatch that is under way."""
        self._stopping.set()
        self._listener.wake()
        self._thread.join(celeryconfig.crobot_dispatch_s + 5)

    terminate = stop

    def _run(self) -> None:
        chores, heard = Chores(), False
        while not self._stopping.is_set():
            try:
                if not heard:  # whoever has just sent a job does not wait for them
                    chores.do()
                began = time.monotonic()
                while dispatch().more and not self._stopping.is_set():
                    pass
                # What is sent or ends meanwhile is dispatched together: the more there is to do, the more of it.
                self._stopping.wait(min(PACE_S, time.monotonic() - began))
                chores.do()
                heard = self._listener.wait(celeryconfig.crobot_dispatch_s)
            # Whatever it was (the database is away, a defect met by one job), the head must go on with the next round.
            except Exception:
                log.exception("a dispatch failed; the next one follows")
                self._stopping.wait(celeryconfig.crobot_dispatch_s)
        self._listener.close()


def look_first(**_: Any) -> None:
    """Settle what an earlier head left over, and see what the result store has before anything is stored there."""
    settle_overdue.apply_async(queue=SETTLE)


def head_worker(loglevel: str = "INFO") -> Any:
    """Return a head's worker, ready to ``start()``.

    Raises:
        DatabaseUnreachable, OldMigration: see `db.revisions.check`.
    """
    survive_lost_connections()
    app.conf.include = [*app.conf.include, *HEARS]
    app.steps["worker"].add(Dispatcher)
    if celeryconfig.crobot_callbacks_in_head:
        app.steps["worker"].add(Sending)
    worker_ready.connect(look_first)
    return app.Worker(
        hostname=f"head@{socket.gethostname()}",
        concurrency=THREADS,
        pool=Threads,
        queues=[HEARTBEATS, SETTLE, REPORTS, *([CALLBACKS] if celeryconfig.crobot_callbacks_in_head else [])],
        consumer_cls=HeadConsumer,
        loglevel=loglevel,
        without_gossip=True,
        without_mingle=True,
    )
