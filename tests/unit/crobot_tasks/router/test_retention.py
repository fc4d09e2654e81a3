"""The policy's section on retention: what is kept how long, and how wrong values are refused."""

from __future__ import annotations

import pytest

from crobot_errors import BadPolicy
from crobot_tasks.router.policy import read
from crobot_tasks.router.retention import DAYS, Retention


def test_without_a_section_all_is_pruned_daily_at_its_default_age() -> None:
    retention = read("").retention
    assert retention == Retention()
    assert (retention.daily, retention.hour) == (True, 2)
    assert {kind: retention.days_of(kind) for kind in DAYS} == {
        kind: days for kind, (days, _) in DAYS.items()
    }


def test_what_the_section_does_not_say_is_as_without_it() -> None:
    retention = read('[retention]\nlogs_d = 400\nkeep = ["changes"]\nhour = 5').retention
    assert (retention.days_of("logs"), retention.days_of("changes"), retention.days_of("nodes")) == (
        400,
        None,
        90,
    )
    assert (retention.daily, retention.hour) == (True, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("logs_d = 2", "line 2: retention.logs_d = 2: must be at least 3"),
        ("logs_d = 20", "line 2: retention.logs_d = 20: logs say what went wrong, and are kept as long as"),
        ("unused_outputs_d = 200", "line 2: retention.unused_outputs_d = 200: logs say what went wrong"),
        ("schemes_d = 0", "line 2: retention.schemes_d = 0: must be at least 7"),
        ("deliveries_d = 40000", "line 2: retention.deliveries_d = 40000: must be at most 36500"),
        ("changes_d = 1.5", "line 2: retention.changes_d = 1.5: must be a whole number"),
        ('nodes_d = "90"', 'line 2: retention.nodes_d = "90": must be a whole number'),
        ("hour = 24", "line 2: retention.hour = 24: must be at most 23"),
        ("log_d = 3", "line 2: retention.log_d = 3: unknown key; did you mean logs_d?"),
        ('keep = ["log"]', 'line 2: retention.keep = ["log"]: log is none of the kinds that are removed'),
        ("jobs_complete_d = 7", "line 2: retention.jobs_complete_d = 7: must be at least 8"),
        ("past_jobs_d = 364", "line 2: retention.past_jobs_d = 364: must be at least 365"),
        ("past_jobs_d = 400\njobs_failed_d = 500",
         "line 2: retention.past_jobs_d = 400: must be at least jobs_failed_d, which is 500 days"),
        ("daily = 1", "line 2: retention.daily = 1: must be true or false"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_the_line_and_the_reason(text: str, message: str) -> None:
    with pytest.raises(BadPolicy) as refused:
        read(f"[retention]\n{text}")
    assert str(refused.value).startswith(message)


def test_past_jobs_are_dropped_only_if_the_section_says_so() -> None:
    assert read("[retention]\nlogs_d = 400").retention.days_of("past_jobs") is None
    assert read("[retention]\npast_jobs_d = 1825").retention.days_of("past_jobs") == 1825
    assert (
        read('[retention]\npast_jobs_d = 1825\nkeep = ["past_jobs"]').retention.days_of("past_jobs") is None
    )
