"""Whether all machines see one storage: a worker is asked to look for a file, and to write one beside it.

Orders arrive in the worker's loop, which must not wait for a storage that hangs: a thread looks, and is asked later.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery.worker.control import control_command

from crobot_tasks.broker.folders import storage_root

#: whoever asks says how long to look, and no longer than so many seconds
LONGEST_S = 60.0
#: how often it is looked for meanwhile
_EVERY_S = 0.02
_NAME = re.compile(r"[0-9a-f]{32}")
#: looks that are remembered: several people may ask at once
_MOST = 20

#: name of a check → what this worker found; empty while it looks
_found: OrderedDict[str, dict[str, Any]] = OrderedDict()


def folder(name: str) -> Path:
    """Where the files of a check lie."""
    return storage_root() / f".crobot-check-{name}"


def write(name: str, whose: str) -> None:
    """Write the file of one who takes part.

    Raises:
        OSError: the storage cannot be written to.
    """
    (folder(name) / whose).write_text(name)


def shows(name: str, whose: str) -> bool:
    """Whether the file of somebody else is there with its content."""
    try:
        return (folder(name) / whose).read_text() == name
    except FileNotFoundError:
        return False


def seconds_until(condition: Callable[[], bool], longest_s: float) -> float | None:
    """Return after how many seconds something was true; None if it was not in time."""
    begin = time.monotonic()
    while (passed := time.monotonic() - begin) < longest_s:
        if condition():
            return passed
        time.sleep(_EVERY_S)
    return None


@control_command(args=[("name", str), ("asker", str), ("look_s", float)])
def check_storage(panel: Any, name: str, asker: str, look_s: float) -> dict[str, Any]:
    """Begin to look for the file of the ``asker``, for ``look_s``; answers with this machine's clock, in seconds."""
    if not _NAME.fullmatch(name):
        return {"error": "the name of a check is 32 hexadecimal digits"}
    found: dict[str, Any] = {}
    _found[name] = found
    while len(_found) > _MOST:
        _found.popitem(last=False)
    worker = str(panel.hostname)
    arguments = (name, asker, worker, min(look_s, LONGEST_S), found)
    threading.Thread(target=_look, args=arguments, name="storage check", daemon=True).start()
    return {"clock": time.time()}


@control_command(args=[("name", str)])
def storage_checked(panel: Any, name: str) -> dict[str, Any]:
    """Say what was found: ``seen_s``, None if not in time, and ``error``; nothing while the look is under way."""
    return dict(_found.get(name) or {})


def _look(name: str, asker: str, worker: str, look_s: float, found: dict[str, Any]) -> None:
    error = ""
    seen_s = None
    try:
        seen_s = seconds_until(lambda: shows(name, asker), look_s)
        if seen_s is not None:
            write(name, worker)
    except OSError as failed:
        error = str(failed)
    found.update({"seen_s": seen_s, "error": error, "storage": str(storage_root())})
