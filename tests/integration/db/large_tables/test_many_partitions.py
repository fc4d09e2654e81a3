"""What is asked for often is planned as quickly with a hundred partitions of past jobs as with a few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crobot_tasks import embedded
from db.crobot import partitions
from db.engine import transaction
from tests.integration.db.large_tables import calls
from tests.integration.db.large_tables.plans import Plans
from tests.integration.db.large_tables.test_large_tables import filled

JOBS = 4000
MANY = 100
#: asked with numbers of jobs, or for what is recent
OFTEN = (
    "db.crobot.control.unknown_ids",
    "db.crobot.jobs.find",
    "db.crobot.jobs.states",
    "db.crobot.jobs.attempts",
    "db.crobot.moments.first_id",
    "db.crobot.moments.last_id",
    "db.crobot.progress.standing",
    "db.crobot.settlements.outcomes",
    "db.crobot.suggestions.suggestions",
)
#: which jobs have a task id must be looked up in each partition, if no young send has it
BY_TASK_ID = "FROM crobot.all_settlements WHERE task_id = ANY"


def planned() -> Plans:
    plans = Plans()
    every = calls.calls(JOBS)
    for name in OFTEN:
        plans.run(name, every[name])
    return plans


@pytest.fixture(scope="module")
def both(servers: embedded.Servers) -> Iterator[tuple[Plans, Plans]]:
    """With some partitions, and with many more of higher numbers, which are empty."""
    with filled(servers, JOBS):
        few, span = planned(), partitions.SPAN
        with transaction() as session:
            partitions.make(session, range(20 * span, (20 + MANY) * span, span))
        yield few, planned()


def test_planning_does_not_grow_with_the_partitions(both: tuple[Plans, Plans]) -> None:
    few, many = both
    grown = [
        f"{call} {few.readings[call, statement].planning_kb} → {reading.planning_kb} kB: {statement:.200}"
        for (call, statement), reading in many.readings.items()
        if BY_TASK_ID not in statement
        # PostgreSQL keeps a little for each partition also when it passes over it
        if reading.planning_kb > 2 * few.readings[call, statement].planning_kb + 200
    ]
    assert not grown, "\n".join(grown)
