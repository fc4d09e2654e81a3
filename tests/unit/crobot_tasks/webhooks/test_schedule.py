"""What follows a try to post an outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from crobot_tasks.webhooks.schedule import DELAYS_S, LONGEST_WAIT_S, SPREAD, Answer, next_step
from db.crobot import DeliveryState

DAY_S = 24 * 3600


def test_distances_grow_over_three_days_and_then_it_is_given_up() -> None:
    steps = [next_step(Answer(500, error="it answers 500"), tries) for tries in range(1, len(DELAYS_S) + 2)]
    assert [step.state for step in steps] == [DeliveryState.WAITING] * len(DELAYS_S) + [
        DeliveryState.GIVEN_UP
    ]
    for step, delay_s in zip(steps, DELAYS_S, strict=False):
        assert (1 - SPREAD) * delay_s <= step.delay_s <= (1 + SPREAD) * delay_s
    assert sum(DELAYS_S) > 3 * DAY_S


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_what_was_taken_is_delivered(status: int) -> None:
    assert next_step(Answer(status), 3).state is DeliveryState.DELIVERED


@pytest.mark.parametrize("status", [None, 301, 307, 400, 401, 404, 429, 500, 503])
def test_all_else_is_tried_again(status: int | None) -> None:
    assert next_step(Answer(status, error="no"), 1).state is DeliveryState.WAITING


def test_who_is_gone_is_switched_off() -> None:
    step = next_step(Answer(410, error="it answers 410 Gone"), 1)
    assert (step.state, step.off) == (DeliveryState.HELD, True)


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("120", 120, 120),
        ("1", 4, 6),  # sooner than our own distance: that counts
        ("99999999", LONGEST_WAIT_S, LONGEST_WAIT_S),
        ("-5", 4, 6),
        ("soon", 4, 6),
        ("9" * 500, 4, 6),
    ],
)
def test_who_asks_for_time_gets_it_within_bounds(asked: str, least: float, most: float) -> None:
    assert least <= next_step(Answer(503, asked, "busy"), 1).delay_s <= most


@pytest.mark.parametrize(("hours", "least", "most"), [(1, 3000, 3600), (-1, 4, 6)])
def test_who_names_a_moment_gets_it_within_bounds(hours: int, least: float, most: float) -> None:
    asked = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    assert least <= next_step(Answer(503, asked, "busy"), 1).delay_s <= most
