"""Imported by a head, it kills that head at one step of its work, as kill -9 would: the variable DIE_AT says at which.

The steps lie between a commit and what follows it; patched is the function of Celery, kombu or the head that does it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from celery.backends.redis import RedisBackend
from kombu import Producer

from crobot_tasks.lifecycle import finish, settle
from crobot_tasks.lifecycle.calls.sends import Sends
from crobot_tasks.lifecycle.finishing import owed_results
from crobot_tasks.lifecycle.sending import outbox


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _before(holder: Any, name: str, applies: Callable[..., bool] = lambda *_, **__: True) -> None:
    """Die where the function would be called."""
    function = getattr(holder, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        if applies(*args, **kwargs):
            _die()
        return function(*args, **kwargs)

    setattr(holder, name, dying)


def _after(holder: Any, name: str, applies: Callable[..., bool] = lambda *_, **__: True) -> None:
    """Die where the function has returned."""
    function = getattr(holder, name)

    def dying(*args: Any, **kwargs: Any) -> Any:
        result = function(*args, **kwargs)
        if applies(*args, **kwargs):
            _die()
        return result

    setattr(holder, name, dying)


def _to(queue: str) -> Callable[..., bool]:
    """Whether a message goes to a queue whose name begins so."""
    return lambda *_, routing_key="", **__: str(routing_key or "").startswith(queue)


STEPS: dict[str, Callable[[], None]] = {
    "dispatch committed, no message sent": lambda: _before(Producer, "publish", _to("node.")),
    "finish committed, nothing settled": lambda: _before(owed_results, "settle_all"),
    "finish committed, first result settled": lambda: _after(owed_results, "_settle_one"),
    "finish committed, no acknowledgement sent": lambda: _before(Producer, "publish", _to("acks.")),
    "acknowledgement sent": lambda: _after(Producer, "publish", _to("acks.")),
    "settling, chord not told": lambda: _before(RedisBackend, "on_chord_part_return"),
    "settling, chord told": lambda: _after(RedisBackend, "on_chord_part_return"),
    "settling, nothing collected": lambda: _before(Sends, "add"),
    "settling, callback collected": lambda: _after(Sends, "add"),
    "settling, nothing committed": lambda: _before(settle, "_send"),
    "settled, callback not published": lambda: _before(outbox, "publish"),
    "settled": lambda: _after(settle, "_send"),
    "report read, nothing finished": lambda: _before(finish, "apply", lambda reports: True),
}

if "DIE_AT" in os.environ:
    STEPS[os.environ["DIE_AT"]]()
