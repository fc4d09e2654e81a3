"""(c) Which data a node has on its own disk: reads in its cache, and files that its last attempts read or wrote."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from workers import read_cache

#: names in one heartbeat
MOST = 500
#: seconds between two heartbeats that carry names: 500 of them are many times larger than all else that a node says
SEND_S = 10.0
#: names that have not changed are sent again after so many seconds: a message may have been lost
AGAIN_S = 300.0


class LocalData:
    """The names below a node's ``state_dir``; processes append, and only the courier rewrites."""

    def __init__(self, state_dir: Path) -> None:
        self._cache, self._file = state_dir / "cache", state_dir / "files"
        #: when the file was last changed, and the names in it, newest first
        self._known: tuple[int, list[str]] = (0, [])
        #: when names were last sent, and which
        self._sent: tuple[float, list[str]] | None = None

    def note(self, names: Iterable[str]) -> None:
        """Remember files that an attempt reads or wrote; what is fetched from the archive is seen in the cache."""
        lines = [f"{name}\n" for name in names if name.startswith("/") and "\n" not in name]
        if lines:
            # a preference only, so a full disk is no reason to fail
            with suppress(OSError), self._file.open("a") as file:
                file.write("".join(lines))

    def due(self, now: float) -> list[str] | None:
        """Return the names for a heartbeat at ``now`` (monotonic seconds); None if it needs to carry none."""
        sent_at, sent = self._sent or (-AGAIN_S, [])
        if now - sent_at < SEND_S:
            return None
        names = self.newest()
        if names == sent and now - sent_at < AGAIN_S:
            return None
        self._sent = now, names
        return names

    def newest(self) -> list[str]:
        """Name at most `MOST` data, files and then accessions, each newest first."""
        return [*dict.fromkeys([*self._files(), *read_cache.cached(self._cache)])][:MOST]

    def _files(self) -> list[str]:
        try:
            changed = self._file.stat().st_mtime_ns
            if changed != self._known[0]:
                lines = self._file.read_text(errors="replace").splitlines()
                self._known = changed, list(dict.fromkeys(reversed(lines)))[: MOST // 2]
                if len(lines) > 4 * MOST:  # what is appended right now is forgotten, which costs a preference
                    self._file.write_text("".join(f"{name}\n" for name in reversed(self._known[1])))
        except OSError:
            return []
        return self._known[1]
