"""How often the kernel killed for want of memory, on this machine and in our control group; only reads."""

from __future__ import annotations

import re
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_VMSTAT = Path("/proc/vmstat")
_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)
#: where the counts of a control group lie: folder of the hierarchy, file in the group
_UNIFIED = (Path("/sys/fs/cgroup"), "memory.events")
_FORMER = (Path("/sys/fs/cgroup/memory"), "memory.oom_control")


@dataclass(frozen=True)
class OomKills:
    """Processes that the kernel killed for want of memory so far; None where it does not say."""

    #: on the whole machine, whoever they belonged to
    machine: int | None = None
    #: in our control group: ours, or of another attempt of this node
    group: int | None = None

    @property
    def known(self) -> bool:
        """Whether the kernel says anything."""
        return self.machine is not None or self.group is not None

    def __sub__(self, before: OomKills) -> OomKills:
        """Those of the time between two readings."""
        return OomKills(_difference(self.machine, before.machine), _difference(self.group, before.group))


class RecentOomKills:
    """Keeps the counters of the last while: that a process is gone is known only some time after its end."""

    def __init__(self, while_s: float = 30.0) -> None:
        self._while_s = while_s
        self._read: deque[tuple[float, OomKills]] = deque()

    def look(self, now: float) -> None:
        """Read the counters; ``now`` is seconds on any clock that only goes forward."""
        self._read.append((now, read()))
        while len(self._read) > 1 and self._read[1][0] < now - self._while_s:
            self._read.popleft()

    def seen(self) -> bool:
        """Whether the kernel killed for want of memory lately, in our group or, if that is not known, anywhere."""
        kills = read() - self._read[0][1] if self._read else OomKills()
        return bool(kills.machine if kills.group is None else kills.group)


def _difference(now: int | None, before: int | None) -> int | None:
    return None if now is None or before is None else now - before


def read() -> OomKills:
    """Read both counters in about half a millisecond."""
    group = _group_file()
    return OomKills(_count(_VMSTAT), _count(group) if group else None)


def _count(path: Path) -> int | None:
    with suppress(OSError):
        found = _COUNT.search(path.read_text())
        return int(found[1]) if found else None
    return None


@cache
def _group_file() -> Path | None:
    """The file with our group's counts; none at the root of all groups, or where they are not mounted."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers in ("", "memory"):
                (root, name) = _FORMER if controllers else _UNIFIED
                # in a container the path is the host's, and the root of what is mounted is our group
                for folder in (root / path.lstrip("/"), root):
                    if (folder / name).exists() and _count(folder / name) is not None:
                        return folder / name
    return None
