"""Access to the shared storage that may stall, kept from stalling the process: it is given up after a time.

A network file system whose server is away lets a process wait in the kernel, where nothing can end it. So a thread of
its own waits there. As long as it does, nobody else is sent after it. Threads that have their answer are used again:
starting one takes longer than most answers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import Any, ClassVar, TypeVar

from crobot_errors import ServiceError
from crobot_tasks.broker.folders import storage_root

T = TypeVar("T")

#: how long the storage may take for the files of one job
STALLED_S = 30.0
#: what a thread is called while it reads, which is for ever if the storage hangs, and while it has nothing to do
READS, IDLE = "storage", "storage, idle"
#: threads that are kept for the next who read
MOST_IDLE = 8

_stalled = threading.Event()


class _Reader(threading.Thread):
    """Reads for others, one after the other; a daemon, since a process must be able to end while the storage hangs."""

    #: those that have nothing to do
    idle: ClassVar[list[_Reader]] = []

    def __init__(self) -> None:
        super().__init__(name=IDLE, daemon=True)
        self._works: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        self.start()

    @classmethod
    def free(cls) -> _Reader:
        """Return one that has nothing to do."""
        try:
            return cls.idle.pop()
        except IndexError:
            return cls()

    def read(self, work: Callable[[], T]) -> Future[T]:
        """Let it do ``work``."""
        answer: Future[T] = Future()
        self._works.put((work, answer))
        return answer

    def run(self) -> None:
        """Work until the process ends, or enough others are idle."""
        while True:
            work, answer = self._works.get()
            self.name = READS
            _answer(work, answer)
            self.name = IDLE
            del work, answer  # what was read is not kept until the next comes
            if len(self.idle) >= MOST_IDLE:
                return
            self.idle.append(self)


def _forget_threads() -> None:
    """In a process that is forked no thread waits, and so none would tell of the answer."""
    _stalled.clear()
    _Reader.idle.clear()


os.register_at_fork(after_in_child=_forget_threads)


class StorageStalls(ServiceError, OSError):
    """The storage does not answer."""


def reading(work: Callable[[], T], stalled_s: float = STALLED_S) -> T:
    """Call ``work``, which reads from the storage.

    Raises:
        StorageStalls: it takes longer than ``stalled_s``, or the storage has not answered somebody else yet.
    """
    if _stalled.is_set():
        raise StorageStalls(f"the storage {storage_root()} does not answer")
    answer = _Reader.free().read(work)
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


def _answer(work: Callable[[], T], answer: Future[T]) -> None:
    try:
        answer.set_result(work())
    # It belongs to whoever waits for the answer.
    except BaseException as error:  # noqa: BLE001
        answer.set_exception(error)
