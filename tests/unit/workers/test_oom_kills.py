"""What the kernel counted: the closer counter decides, and a counter that cannot be read says nothing."""

from __future__ import annotations

import pytest

from workers import oom_kills
from workers.oom_kills import OomKills, RecentOomKills


def test_this_machine_has_a_count() -> None:
    assert oom_kills.read().machine is not None


def test_a_counter_that_is_missing_at_either_end_has_no_difference() -> None:
    assert OomKills(5, None) - OomKills(3, 1) == OomKills(2, None)
    assert OomKills(None, 4) - OomKills(3, 1) == OomKills(None, 3)
    assert not OomKills().known


@pytest.mark.parametrize(
    ("before", "now", "seen"),
    [
        (OomKills(1, 1), OomKills(2, 2), True),
        (OomKills(1, 1), OomKills(2, 1), False),
        (OomKills(1), OomKills(2), True),
        (OomKills(), OomKills(), False),
    ],
)
def test_a_recent_kill_is_seen(
    monkeypatch: pytest.MonkeyPatch, before: OomKills, now: OomKills, seen: bool
) -> None:
    counts = iter([before, before, now])
    monkeypatch.setattr(oom_kills, "read", lambda: next(counts))
    recent = RecentOomKills(while_s=30)
    recent.look(0.0)
    recent.look(20.0)
    assert recent.seen() is seen


def test_a_kill_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = iter([OomKills(0, 0), OomKills(1, 1), OomKills(1, 1), OomKills(1, 1)])
    monkeypatch.setattr(oom_kills, "read", lambda: next(counts))
    recent = RecentOomKills(while_s=30)
    for now in (0.0, 20.0, 60.0):
        recent.look(now)
    assert not recent.seen()
