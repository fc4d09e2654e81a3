"""Who uses the embedded servers, counted by the kernel: a lock that each user holds; knows no server."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(data_dir: Path) -> Iterator[None]:
    """Keep everybody else from joining, starting and stopping meanwhile."""
    fd = _open(data_dir / "start.lock")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        # Closing is not enough: a child that another thread forked meanwhile has this descriptor open, too.
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)


def join(data_dir: Path) -> int:
    """Count this process as a user until the returned descriptor is closed, at the latest by its death."""
    fd = _open(data_dir / "users.lock")
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def nobody_left(data_dir: Path) -> bool:
    """Tell whether no process uses the servers; only true for longer than a moment inside ``alone``."""
    fd = _open(data_dir / "users.lock")
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True


def pids(data_dir: Path) -> list[int]:
    """Return the processes that use the servers, as far as the kernel tells; for people to read."""
    try:
        inode = str((data_dir / "users.lock").stat().st_ino)
        locks = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return []
    # 1: FLOCK  ADVISORY  READ 4711 fe:00:262226 0 EOF
    rows = [line.split() for line in locks if " FLOCK " in line]
    return sorted({int(row[4]) for row in rows if row[3] == "READ" and row[5].rsplit(":", 1)[-1] == inode})


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
