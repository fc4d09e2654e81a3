"""The order in which queues are looked into: the urgent ones first, and none for ever in vain."""

from __future__ import annotations

from kombu.utils.scheduling import cycle_by_name

import celeryconfig
from crobot_tasks.broker.queue_order import TURN, Turns


def test_the_least_urgent_queue_comes_first_every_fourth_time() -> None:
    order = Turns(["heartbeats", "settle", "reports"])
    assert [order.consume(3)[0] for _ in range(2 * TURN)] == 2 * [*(TURN - 1) * ["heartbeats"], "reports"]


def test_every_read_looks_into_all_queues() -> None:
    order = Turns(["heartbeats", "settle", "reports"])
    assert all(sorted(order.consume(3)) == ["heartbeats", "reports", "settle"] for _ in range(TURN))


def test_workers_have_this_order() -> None:
    assert cycle_by_name(celeryconfig.broker_transport_options["queue_order_strategy"]) is Turns
