"""What the kernel counted: the closer counter decides, and a counter that cannot be read says nothing."""

from __future__ import annotations

import pytest

from workers import kernel
from workers.kernel import MemoryKills, RecentKills


def test_this_machine_has_a_count() -> None:
    assert kernel.memory_kills().machine is not None


def test_a_counter_that_is_missing_at_either_end_has_no_difference() -> None:
    assert MemoryKills(5, None) - MemoryKills(3, 1) == MemoryKills(2, None)
    assert MemoryKills(None, 4) - MemoryKills(3, 1) == MemoryKills(None, 3)
    assert not MemoryKills().known


@pytest.mark.parametrize(
    ("before", "now", "seen"),
    [
        (MemoryKills(1, 1), MemoryKills(2, 2), True),
        (MemoryKills(1, 1), MemoryKills(2, 1), False),
        (MemoryKills(1), MemoryKills(2), True),
        (MemoryKills(), MemoryKills(), False),
    ],
)
def test_a_recent_kill_is_seen(
    monkeypatch: pytest.MonkeyPatch, before: MemoryKills, now: MemoryKills, seen: bool
) -> None:
    counts = iter([before, before, now])
    monkeypatch.setattr(kernel, "memory_kills", lambda: next(counts))
    recent = RecentKills(while_s=30)
    recent.look(0.0)
    recent.look(20.0)
    assert recent.seen() is seen


def test_a_kill_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([MemoryKills(0, 0), MemoryKills(1, 1), MemoryKills(1, 1), MemoryKills(1, 1)])
    monkeypatch.setattr(kernel, "memory_kills", lambda: next(counts))
    recent = RecentKills(while_s=30)
    for now in (0.0, 20.0, 60.0):
        recent.look(now)
    assert not recent.seen()
