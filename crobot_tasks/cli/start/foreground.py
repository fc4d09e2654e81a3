"""What head, beat and node have in common when they run in the foreground."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from celery.platforms import SecurityWarning
from celery.signals import worker_shutting_down

from crobot_tasks.broker.kombu_patches import wake
from crobot_tasks.cli import broker, output
from crobot_tasks.cli.output import say
from crobot_tasks.logs import lines

#: one line for each message would bury what matters; CRobot's own work is many small messages
_CHATTY = ("celery.worker.strategy", "celery.app.trace", "celery.beat")


def begin() -> None:
    """Let this process log as the settings say; what it says to people becomes lines, too, if these are JSON.

    Raises:
        BadInput: the settings name a format that there is not.
    """
    lines.begin()
    if lines.are_json():
        output.say_as(lines.line)


def announce(what: str, *, database: str = "") -> None:
    """Say in one line what runs here and what it is connected to, as a head is to a database."""
    # Celery fears root for the code that messages could carry; ours are data
    warnings.simplefilter("ignore", SecurityWarning)
    places = [f"broker {broker.address()}"]
    if database:
        places.insert(0, f"database {database}")
    say(f"{what}: " + ", ".join(places))


def quiet_internals() -> None:
    """Log no line for each heartbeat and report."""
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def work(worker: Any) -> NoReturn:
    """Run a Celery worker until it is told to end; SIGTERM lets it finish what it has begun."""
    worker.quiet = True  # its banner says the same as our line, in thirty
    worker_shutting_down.connect(lambda **_: wake(getattr(worker, "hub", None)), weak=False)
    worker.start()
    sys.exit(worker.exitcode)


@contextmanager
def until_told_to_end() -> Iterator[None]:
    """Do what is inside, then nothing until SIGTERM or Ctrl-C; one that comes earlier is not lost."""
    # A pipe, and no mask of signals: a mask is the main thread's own, and numpy's threads would take the signal.
    told, tell = os.pipe()
    former = {
        one: signal.signal(one, lambda *_: os.write(tell, b".")) for one in (signal.SIGINT, signal.SIGTERM)
    }
    yield
    os.read(told, 1)
    for one, handler in former.items():
        signal.signal(one, handler)
