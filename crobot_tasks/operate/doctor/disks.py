"""Room on the storage, on this machine and on the nodes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import celeryconfig
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.lifecycle.storage.access import reading
from crobot_tasks.operate.amounts import size
from crobot_tasks.operate.doctor.finding import Finding, ok, problem
from crobot_tasks.operate.doctor.seen import Seen
from crobot_tasks.operate.troubles import FREE_DISK_BYTES
from workers.storage import free_bytes

#: seconds that the storage may take to say how much room it has
ANSWER_S = 10.0


def examine(seen: Seen) -> Iterator[Finding]:
    """Ask for the free space; nodes tell theirs in heartbeats, which the subject of nodes looks at."""
    storage, own = storage_root(), Path(celeryconfig.crobot_data_dir)
    yield _judged(f"the storage {storage}", reading(lambda: free_bytes(storage), ANSWER_S))
    if own.exists():
        yield _judged(f"the data directory {own} of this machine", shutil.disk_usage(own).free)


def _judged(where: str, free: int) -> Finding:
    if free < FREE_DISK_BYTES:
        return problem(
            f"{where} has {size(free)} left",
            "jobs fail when they cannot write, and servers that lie there stop",
            "make room, or give it a larger disk",
        )
    return ok(f"{where} has {size(free)} left")
