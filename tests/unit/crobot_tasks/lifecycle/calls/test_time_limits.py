"""Which of Celery's limits a body gets, and whose word they are."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_errors import OutcomeKind
from crobot_tasks.lifecycle.calls.time_limits import are_senders, celerys
from tests.canvas_tasks import jobs

FUNCTION, PIPELINE, UNKNOWN = jobs.add.name, "probe", "of a newer version"
SOFT = {"exc_type": "SoftTimeLimitExceeded"}


@pytest.mark.parametrize(
    ("pipeline", "chosen", "expected"),
    [
        (PIPELINE, {}, (130, 160)),
        (PIPELINE, {"time_s": 100}, (130, 160)),
        (PIPELINE, {"soft_s": 0.5}, (0.5, 160)),
        (PIPELINE, {"soft_s": 500}, (130, 160)),
        (FUNCTION, {}, (130, 160)),
        (FUNCTION, {"time_s": 100}, (None, 100)),
        (FUNCTION, {"time_s": 100, "soft_s": 90}, (90, 100)),
        (FUNCTION, {"soft_s": 90}, (90, 160)),
        (UNKNOWN, {"time_s": 100}, (130, 160)),
    ],
)
def test_tools_end_before_celerys_limits_and_a_sender_of_a_function_sets_them(
    pipeline: str, chosen: dict[str, Any], expected: Any
) -> None:
    assert celerys(pipeline, 100, chosen) == expected


@pytest.mark.parametrize(
    ("pipeline", "chosen", "result", "expected"),
    [
        (PIPELINE, {"soft_s": 9}, SOFT, True),
        (PIPELINE, {"soft_s": 9}, {"exc_type": "TimeLimit"}, False),
        (PIPELINE, {"time_s": 9}, {"exc_type": "TimeLimit"}, False),
        (PIPELINE, {}, SOFT, False),
        (FUNCTION, {"time_s": 9}, {"exc_type": "TimeLimitExceeded"}, True),
        (FUNCTION, {"soft_s": 9}, SOFT, True),
        (FUNCTION, {"soft_s": 9}, None, False),
    ],
)
def test_a_limit_is_the_senders_word_unless_it_is_a_pipelines_time(
    pipeline: str, chosen: dict[str, Any], result: Any, expected: bool
) -> None:
    assert are_senders(pipeline, chosen, OutcomeKind.TIME_LIMIT, result) is expected
    assert not are_senders(pipeline, chosen, OutcomeKind.TOOL, result)
