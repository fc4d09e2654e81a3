"""`crobot nodes forget`: a node that will not come back is listed no longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from db.engine import transaction
from tests.command import document

_NODE = text("""
    INSERT INTO crobot.nodes (name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable, heartbeat_at,
                              lost_at)
    VALUES (:name, '1', 1, 1, 1, '{}', '{}', now() + interval '1 hour', CASE WHEN :lost THEN now() END)""")
_ATTEMPT = text("""
    WITH job AS (
        INSERT INTO crobot.jobs
            (pipeline, args, kwargs, request, context, cores, memory_bytes, disk_bytes, time_limit_s, expected_s, state)
        VALUES ('forgotten', '[]', '{}', '{}', '{}', 1, 1, 1, 1, 1, 'COMPLETE') RETURNING id)
    INSERT INTO crobot.attempts (job_id, number, node, cores, memory_bytes, ended_at)
    SELECT id, 1, :name, 1, 1, CASE WHEN :ended THEN now() END FROM job""")


@pytest.fixture
def node(tables: None) -> Iterator[Callable[..., None]]:
    """Makes the node `gone`, with an attempt."""

    def make(lost: bool, ended: bool) -> None:
        with transaction() as session:
            session.execute(_NODE, {"name": "gone", "lost": lost})
            session.execute(_ATTEMPT, {"name": "gone", "ended": ended})

    yield make
    with transaction() as session:
        session.execute(text("DELETE FROM crobot.nodes WHERE name = 'gone'"))
        session.execute(text("DELETE FROM crobot.jobs WHERE pipeline = 'forgotten'"))


def listed() -> bool:
    return "gone" in {one["name"] for one in document("nodes")["nodes"]}


def test_a_silent_node_without_live_attempts_is_forgotten(node: Callable[..., None]) -> None:
    node(lost=True, ended=True)
    assert document("nodes", "forget", "gone") == {"node": "gone", "forgotten": True}
    assert not listed()


@pytest.mark.parametrize(
    ("lost", "ended", "why"), [(False, True, "was heard"), (True, False, "has 1 live attempts")]
)
def test_a_node_that_is_up_or_has_live_attempts_is_not_forgotten(
    node: Callable[..., None], lost: bool, ended: bool, why: str
) -> None:
    node(lost, ended)
    assert why in document("nodes", "forget", "gone", code=1)["error"]["message"]
    assert listed()


def test_a_node_that_nobody_knows_cannot_be_forgotten(tables: None) -> None:
    assert document("nodes", "forget", "nobody", code=1)["error"]["type"] == "UnknownNode"
