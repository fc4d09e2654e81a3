"""Calls an app's function with each outcome once, in a thread: whoever waits for the answer waits only some seconds."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any

from flask import Flask

from crobot_tasks.web.receiver.outcome import Outcome
from crobot_tasks.web.receiver.store import ALIVE_S, Begin, Store

log = logging.getLogger(__name__)

#: outcomes that the function has in hand at a time, in one process
AT_ONCE = 4
#: outcomes that wait for a thread or run; more are delivered later
IN_HAND = 64
#: a second apart, to note that the function has returned
TRIES = 30
#: seconds for which the answer waits for the function; CRobot's own patience is 15
WAIT_S = 5.0


class Came(Enum):
    """What a delivery came to."""

    DONE = "done"
    UNDER_WAY = "under way"
    FAILED = "failed"


class Calls:
    """The calls of one process."""

    def __init__(self, function: Callable[[Outcome], object], store: Store) -> None:
        self._function, self._store = function, store
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="outcomes")
        #: what waits for a thread or runs, by the outcome's id
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def call(self, app: Flask, outcome: Outcome) -> Came:
        """Call the function with an outcome, unless that was done; wait some seconds for its end."""
        begin = self._store.begin(outcome.id)
        if begin is Begin.DONE:
            return Came.DONE
        with self._lock:
            if begin is Begin.YOURS:
                self._begin(app, outcome)
            running = self._running.get(outcome.id)
        return _wait(running)

    def _begin(self, app: Flask, outcome: Outcome) -> None:
        if len(self._running) >= IN_HAND:
            self._store.forget(outcome.id)
            return
        self._running[outcome.id] = self._threads.submit(self._run, app, outcome)
        if len(self._running) == 1:
            threading.Thread(target=self._keep, name="outcomes-kept", daemon=True).start()

    def _run(self, app: Flask, outcome: Outcome) -> None:
        try:
            with app.app_context():
                self._function(outcome)
        except BaseException:
            log.exception("the app's function failed with outcome %s; it is delivered again", outcome.id)
            self._store.forget(outcome.id)
            raise
        else:
            self._done(outcome.id)
        finally:
            with self._lock:
                self._running.pop(outcome.id, None)

    def _done(self, outcome_id: str) -> None:
        """Note it; a store that does not answer now is asked some times more, since nothing else knows of the call."""
        for _ in range(TRIES):
            try:
                self._store.done(outcome_id)
                return
            # A store has errors of its own.
            except Exception:
                log.exception("the store of outcomes does not answer")
                time.sleep(1)
        log.error(
            "outcome %s is not noted as done: the app's function may be called with it again", outcome_id
        )

    def _keep(self) -> None:
        """Say again and again what is in hand, so that no other process takes this one for dead."""
        while self._running:
            time.sleep(ALIVE_S / 4)
            for outcome_id in list(self._running):
                try:
                    self._store.still_at_it(outcome_id)
                # The store may be away for a moment.
                except Exception:
                    log.exception("the store of outcomes does not answer")


def _wait(running: Future[Any] | None) -> Came:
    if running is None:  # in another process, or just over
        return Came.UNDER_WAY
    try:
        return Came.DONE if running.exception(WAIT_S) is None else Came.FAILED
    except TimeoutError:
        return Came.UNDER_WAY
