"""The picture of a batch: jobs by state at each moment, and a file that can be looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from crobot_errors import BadInput
from crobot_tasks.batches.plot import COLOURS, Times, plot

BEGAN = datetime(2026, 11, 25, 14, 0, tzinfo=UTC)


def item(
    state: str, sent: int | None = None, begun: int | None = None, over: int | None = None
) -> SimpleNamespace:
    def at(second: int | None) -> datetime | None:
        return None if second is None else BEGAN + timedelta(seconds=second)

    return SimpleNamespace(state=state, sent_at=at(sent), started_at=at(begun), finished_at=at(over))


ITEMS = [
    item("COMPLETE", 0, 10, 30),
    item("FAILED", 0, 20, 40),
    item("CANCELLED", 0, None, 50),
    item("RUNNING", 20, 60),
    item("WAITING", 20),
    item("unsent"),
    item("skipped"),
    item("cached", -1000, -900, -800),
]


def times() -> Times:
    found = Times()
    assert list(found.noted(ITEMS)) == ITEMS
    return found


def test_at_each_moment_each_job_is_in_one_state() -> None:
    moments, states = times().until(BEGAN + timedelta(seconds=99))
    assert (moments[0], moments[-1]) == (BEGAN.timestamp(), BEGAN.timestamp() + 99)
    assert set(states) == set(COLOURS)
    assert np.array_equal(sum(states.values()), np.full(len(moments), 6.0))
    assert all((jobs >= 0).all() for jobs in states.values())


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (5, {"not sent yet": 3, "waiting": 3}),
        (25, {"not sent yet": 1, "waiting": 3, "running": 2}),
        (45, {"not sent yet": 1, "waiting": 3, "complete": 1, "failed": 1}),
        (98, {"not sent yet": 1, "waiting": 1, "running": 1, "complete": 1, "failed": 1, "cancelled": 1}),
    ],
)
def test_jobs_are_where_they_were(second: int, expected: dict[str, int]) -> None:
    moments, states = times().until(BEGAN + timedelta(seconds=99))
    place = int(np.searchsorted(moments, BEGAN.timestamp() + second))
    assert {name: int(jobs[place]) for name, jobs in states.items() if jobs[place]} == expected


def test_a_batch_that_is_over_ends_with_its_last_job() -> None:
    found = Times()
    list(found.noted(ITEMS[:3]))
    moments, _ = found.until(BEGAN + timedelta(days=9))
    assert moments[-1] == BEGAN.timestamp() + 50


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
def test_a_picture_is_drawn_in_each_format(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"batch.{ending}"
    plot(path, "six jobs", times(), BEGAN + timedelta(seconds=99))
    assert path.stat().st_size > 1000


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no job was sent"):
        plot(tmp_path / "batch.png", "nothing", Times(), BEGAN)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(BadInput, match=r"folder\.png cannot be written: Is a directory"):
        plot(tmp_path / "folder.png", "six jobs", times(), BEGAN + timedelta(seconds=99))
