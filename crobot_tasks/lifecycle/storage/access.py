"""Access to the shared storage that may stall, kept from stalling the process: it is given up after a time.

A network file system whose server is away lets a process wait in the kernel, where nothing can end it. So a thread of
its own waits there. As long as it does, nobody else is sent after it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from crobot_errors import ServiceError
from crobot_tasks.broker.folders import storage_root

T = TypeVar("T")

#: how long the storage may take for the files of one job
STALLED_S = 30.0

_stalled = threading.Event()
# A process that is forked meanwhile has no thread that waits, and so none that would tell of the answer.
os.register_at_fork(after_in_child=_stalled.clear)


class StorageStalls(ServiceError, OSError):
    """The storage does not answer."""


def reading(work: Callable[[], T], stalled_s: float = STALLED_S) -> T:
    """Call ``work``, which reads from the storage.

    Raises:
        StorageStalls: it takes longer than ``stalled_s``, or the storage has not answered somebody else yet.
    """
    if _stalled.is_set():
        raise StorageStalls(f"the storage {storage_root()} does not answer")
    answer: Future[T] = Future()
    threading.Thread(target=_work, args=(work, answer), name="storage", daemon=True).start()
    try:
        return answer.result(stalled_s)
    except TimeoutError:
        if answer.done():
            raise
        _stalled.set()
        answer.add_done_callback(lambda _: _stalled.clear())
        raise StorageStalls(f"the storage {storage_root()} does not answer") from None


def is_file(path: str | Path) -> bool:
    """Whether a file is there.

    Raises:
        StorageStalls: the storage does not answer.
    """
    return reading(Path(path).is_file)


def _work(work: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(work())
    # It belongs to whoever waits for the answer.
    except BaseException as error:  # noqa: BLE001
        answer.set_exception(error)
