"""(c) Which data a node holds: reads in its cache, and files that its last attempts read or wrote."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from workers import archive

#: names in one heartbeat
MOST = 500


class Holdings:
    """The names below a node's ``state_dir``; processes append, and only the courier rewrites."""

    def __init__(self, state_dir: Path) -> None:
        self._cache, self._file = state_dir / "cache", state_dir / "files"
        #: when the file was last changed, and the names in it, newest first
        self._known: tuple[int, list[str]] = (0, [])

    def note(self, names: Iterable[str]) -> None:
        """Remember files that an attempt reads or wrote; what is fetched from the archive is seen in the cache."""
        lines = [f"{name}\n" for name in names if name.startswith("/") and "\n" not in name]
        if lines:
            # a preference only, so a full disk is no reason to fail
            with suppress(OSError), self._file.open("a") as file:
                file.write("".join(lines))

    def newest(self) -> list[str]:
        """Name at most `MOST` data, files and then accessions, each newest first."""
        return [*dict.fromkeys([*self._files(), *archive.cached(self._cache)])][:MOST]

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
