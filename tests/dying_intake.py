"""The command `crobot`, which is killed at one step of `crobot intake`, as kill -9 would: DIE_AT says at which."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from typing import Any

from crobot_tasks.batches import making
from crobot_tasks.cli import main
from crobot_tasks.intake.table import adding
from db.crobot import batch_items


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _at(holder: Any, name: str, call: int, *, before: bool) -> None:
    """Die before or after the call of this number."""
    function, calls = getattr(holder, name), count(1)

    def dying(*args: Any, **kwargs: Any) -> Any:
        last = next(calls) == call
        if last and before:
            _die()
        result = function(*args, **kwargs)
        if last:
            _die()
        return result

    setattr(holder, name, dying)


STEPS: dict[str, Callable[[], None]] = {
    "batch begun, no strain added": lambda: _at(adding, "_add_part", 1, before=True),
    "some strains added": lambda: _at(adding, "_add_part", 2, before=False),
    "some strains added, others not committed": lambda: _at(adding, "add_reads", 3, before=False),
    "all strains added, no item stored": lambda: _at(making, "_add", 1, before=True),
    "some items stored": lambda: _at(making, "_add", 1, before=False),
    "some items stored, others not committed": lambda: _at(batch_items, "add_items", 2, before=False),
    "all items stored, batch not made": lambda: _at(making, "_made", 1, before=True),
    "batch made": lambda: _at(making, "_made", 1, before=False),
}

if __name__ == "__main__":
    adding.LINES, making.STORED_TOGETHER = 3, 4
    STEPS[os.environ["DIE_AT"]]()
    main()
