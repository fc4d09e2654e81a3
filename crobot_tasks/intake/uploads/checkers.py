"""What this process has found out about files that are still arriving: kept from one request to the next.

Another process, or this one after a restart, knows nothing of it. Then the whole file is read once it is there.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from crobot_tasks.intake.uploads.files import Claim
from workers.short_reads.arriving import ArrivingReads

#: each takes some hundred kB
MOST = 256

_lock = threading.Lock()
#: file → what has seen its bytes so far
_kept: OrderedDict[int, ArrivingReads] = OrderedDict()


def take(claim: Claim) -> ArrivingReads | None:
    """Return what has seen all bytes of a file that are there, or None; a file that begins has a new one."""
    with _lock:
        found = _kept.pop(claim.file.id, None)
    if claim.received == 0:
        return ArrivingReads(claim.file.name)
    return found if found is not None and found.received == claim.received else None


def keep(claim: Claim, checker: ArrivingReads | None) -> None:
    """Keep it for the next request."""
    if checker is None or checker.received != claim.received:
        return
    with _lock:
        _kept[claim.file.id] = checker
        while len(_kept) > MOST:
            _kept.popitem(last=False)
