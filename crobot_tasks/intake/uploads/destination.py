"""The file on the storage that a request writes: at an offset, and on the disk before anybody counts on it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from crobot_errors import NodeBroken, ServiceError, StorageFull
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading
from workers.storage import FULL, make_dir


class Destination:
    """An open file.

    Raises:
        StorageStalls: the storage does not answer.
        StorageFull: it takes no more; what was written before stays.
        ServiceError: it cannot be written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = self._ask(partial(_open, path))

    def size(self) -> int:
        """Return how many bytes it has."""
        assert self._file is not None
        file = self._file
        return self._ask(lambda: os.fstat(file).st_size)

    def write(self, at: int, data: bytes) -> None:
        """Write at an offset; it is on the disk when this returns."""
        assert self._file is not None
        self._ask(partial(_write, self._file, at, data))

    def __enter__(self) -> Destination:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread may still hang in it, which must never meet another file by the same number.
        if self._file is not None and not isinstance(error, StorageStalls):
            os.close(self._file)

    def _ask(self, work: Callable[[], int]) -> int:
        try:
            return reading(work)
        except StorageStalls:
            raise
        except NodeBroken as error:
            raise ServiceError(str(error)) from error
        except OSError as error:
            if error.errno in FULL:
                raise StorageFull(
                    "the storage takes no more: what has arrived is kept; tell an operator, and go on later"
                ) from error
            raise ServiceError(f"{self.path} cannot be written: {error.strerror}") from error


def _open(path: Path) -> int:
    make_dir(path.parent, storage_root())
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    # the name itself must be on the disk, too
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(folder)
    return file


def _write(file: int, at: int, data: bytes) -> int:
    left = memoryview(data)
    while left:
        written = os.pwrite(file, left, at)
        at, left = at + written, left[written:]
    os.fdatasync(file)
    return at
