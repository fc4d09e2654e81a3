"""Imported by a process, it makes the shared storage hang for it while the file CROBOT_TEST_HANGS is there.

Whoever opens, lists, changes or looks at anything below the storage waits, as in the kernel while a network file
system does not answer. The file names who waits: pid and thread, on a line each.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from crobot_tasks.broker.folders import storage_root
from crobot_tasks.cli import storage as before_a_command
from crobot_tasks.lifecycle.storage import access as storage_access

#: in place of 30 s
STALLED_S = 3.0

_flag = os.environ["CROBOT_TEST_HANGS"]
_root = str(storage_root())
_stat, _lstat = os.stat, os.lstat
_EVENTS = {"open", "os.listdir", "os.scandir", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link"}


def _wait(path: Any) -> None:
    if isinstance(path, str | os.PathLike) and os.fspath(path).startswith(_root) and _hangs():
        with Path(_flag).open("a") as file:
            file.write(f"{os.getpid()} {threading.current_thread().name}\n")
        while _hangs():
            time.sleep(0.05)


def _hangs() -> bool:
    try:
        _stat(_flag)
    except FileNotFoundError:
        return False
    return True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        _wait(arguments[0])


def _waiting_stat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
    _wait(path)
    return _stat(path, *arguments, **options)


def _waiting_lstat(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
    _wait(path)
    return _lstat(path, *arguments, **options)


sys.addaudithook(_audit)
os.stat, os.lstat = _waiting_stat, _waiting_lstat
storage_access.reading.__defaults__ = (STALLED_S,)
before_a_command.SILENT_S = STALLED_S / 10
