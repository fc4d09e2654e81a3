"""An attempt's own directory: room for it is made as long as there is something to forget."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_errors import DiskFull
from workers import scratch, storage


def test_room_is_made_until_the_attempt_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = [10]
    monkeypatch.setattr(storage, "free_bytes", lambda _: free[-1])

    def make_room(_: Path) -> bool:
        free.append(free[-1] + 30)
        return len(free) < 4

    assert scratch.make(tmp_path / "1.1", 60, make_room).is_dir()
    assert free == [10, 40, 70]
    with pytest.raises(DiskFull, match=f"{tmp_path}/1.2 has 0.00 GB left"):
        scratch.make(tmp_path / "1.2", 1000, make_room)
