"""(c) What bodies say of how far they are, from their processes to the courier: a file for each attempt."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from crobot_tasks.broker.progress import Progress

#: it is looked for this often
LOOK_S = 1.0
#: and told again after so many seconds, in case it was lost
REPEAT_S = 10.0
#: of a file that is being written
_HALF = ".tmp"


class ToldProgress:
    """The last word of each attempt that is at work."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "progress"
        self.folder.mkdir(parents=True, exist_ok=True)
        #: attempt id → which file was sent, and when (monotonic seconds)
        self._sent: dict[str, tuple[int, float]] = {}
        self._next_look = 0.0

    def tell(self, attempt_id: str, progress: Progress) -> None:
        """Keep what the body of an attempt says now, in place of what it said before."""
        half = self.folder / (attempt_id + _HALF)
        half.write_text(json.dumps(vars(progress)))
        half.rename(self.folder / attempt_id)

    def due(self, at_work: Callable[[], Collection[str]], now: float) -> list[dict[str, Any]]:
        """Return what is to be sent: what is new, and what was sent long ago; remove what has ended."""
        if now < self._next_look:
            return []
        self._next_look = now + LOOK_S
        names = os.listdir(self.folder)
        live = set(at_work())  # looked at second: whoever tells anything is at work before
        self._sent = {attempt_id: sent for attempt_id, sent in self._sent.items() if attempt_id in live}
        for name in names:
            if name.removesuffix(_HALF) not in live:
                (self.folder / name).unlink(missing_ok=True)
        return [self._read(name) for name in names if name in live and self._is_due(name, now)]

    def _is_due(self, attempt_id: str, now: float) -> bool:
        written = (self.folder / attempt_id).stat().st_mtime_ns
        was, at = self._sent.get(attempt_id, (0, 0.0))
        if was == written and now < at + REPEAT_S:
            return False
        self._sent[attempt_id] = (written, now)
        return True

    def _read(self, attempt_id: str) -> dict[str, Any]:
        return {"id": attempt_id, **json.loads((self.folder / attempt_id).read_text())}

    def unsent(self) -> None:
        """Tell all of it again with the next look: nobody can say whether the last message arrived."""
        self._sent.clear()
