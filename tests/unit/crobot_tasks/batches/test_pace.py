"""Speed and end of a batch, from how it stands."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_tasks.batches.pace import Pace, pace
from crobot_tasks.batches.standing import Standing


def stands(**some: int) -> Standing:
    counts: dict[str, Any] = dict.fromkeys(
        ("unsent", "queued", "running", "complete", "cached", "failed", "cancelled", "skipped", "forgotten"),
        0,
    )
    counts |= some
    return Standing(size=sum(counts.values()), **counts)


def test_the_rest_takes_as_long_an_item_as_what_jobs_have_ended() -> None:
    now = stands(unsent=600, queued=80, running=20, complete=280, failed=20)
    assert pace(now, 100.0) == Pace(100.0, rate=3.0, left_s=pytest.approx(700 / 3.0))


def test_what_was_cached_left_out_or_cancelled_says_nothing_of_the_speed() -> None:
    now = stands(unsent=50, complete=50, cached=10_000, skipped=500, cancelled=7)
    assert pace(now, 10.0) == Pace(10.0, rate=5.0, left_s=10.0)


def test_a_job_whose_row_was_removed_counts_as_ended() -> None:
    assert pace(stands(forgotten=30, unsent=30), 10.0).left_s == 10.0


def test_nothing_is_known_before_the_first_job_has_ended() -> None:
    assert pace(stands(unsent=5), None) == Pace()
    assert pace(stands(unsent=4, running=1), 60.0) == Pace(60.0)
    assert pace(stands(complete=1), 0.0) == Pace(0.0)


def test_what_does_not_move_has_no_end() -> None:
    assert pace(stands(unsent=5, complete=5), 10.0, moves=False) == Pace(10.0, rate=0.5, left_s=None)


def test_what_is_over_has_nothing_left() -> None:
    assert pace(stands(complete=5, failed=5), 10.0).left_s == 0.0
