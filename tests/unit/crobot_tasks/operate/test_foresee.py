"""Two policies side by side: which jobs begin otherwise."""

from __future__ import annotations

from crobot_tasks.operate.foresee import Difference, compare


def test_what_begins_at_the_same_time_on_the_same_node_is_no_difference() -> None:
    found = compare({1: ("a", 0.0), 2: ("a", 600.0)}, {1: ("a", 4.0), 2: ("a", 650.0)})
    assert (found.jobs, found.differences) == (2, [])


def test_earlier_later_and_elsewhere_are_counted_in_the_order_of_now() -> None:
    now = {3: ("a", 0.0), 1: ("a", 600.0), 2: ("b", 600.0)}
    then = {1: ("a", 0.0), 2: ("a", 600.0), 3: ("b", 600.0)}
    found = compare(now, then)
    assert [one.job_id for one in found.differences] == [3, 1, 2]
    assert (found.earlier, found.later, found.elsewhere) == (1, 1, 2)


def test_what_begins_under_one_policy_only_is_earlier_or_later() -> None:
    found = compare({1: ("a", 0.0)}, {2: ("a", 0.0)})
    assert found.differences == [Difference(1, ("a", 0.0), None), Difference(2, None, ("a", 0.0))]
    assert (found.earlier, found.later, found.elsewhere) == (1, 1, 0)
