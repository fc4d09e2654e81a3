"""Why jobs wait that were just sent: nodes as they were a moment ago, what is paused as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.operate import explain, just_sent, pause
from db.crobot import PausedKind
from db.engine import transaction

_NODE = text("""
    INSERT INTO crobot.nodes (name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable)
    VALUES ('sent01', 'a', 4, 4000000000, 4000000000, '{"probe": "any"}', '{}')""")
_HOLD = text("UPDATE crobot.jobs SET held_at = now(), hold_reason = 'another test' WHERE id = :job_id")
_HEARD = text("""
    INSERT INTO crobot.monitoring (id, heartbeats_read_at) VALUES (1, now() + interval '1 hour')
    ON CONFLICT (id) DO UPDATE SET heartbeats_read_at = excluded.heartbeats_read_at""")


class Undone(Exception):
    """Nothing of a test is kept."""


@pytest.fixture
def session(tables: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A transaction that is undone, in a process that has looked at no node; a head hears the nodes."""
    monkeypatch.setattr(just_sent, "_last", just_sent._Last())
    try:
        with transaction() as session:
            session.execute(_HEARD)
            yield session
            raise Undone
    except Undone:
        pass


@pytest.fixture
def sent(session: Any) -> list[int]:
    """Jobs of two kinds, and one that may not begin yet."""
    probe = app.tasks["probe"]
    calls: list[dict[str, Any]] = [
        {},
        {},
        {"job": {"cores": 64}},
        {"job": {"cores": 64}},
        {"countdown": 3600},
    ]
    return [probe.apply_async(kwargs={"params": {"n": n}}, **call).job_id for n, call in enumerate(calls)]


def test_jobs_of_one_request_wait_each_for_its_own_reason(session: Any, sent: list[int]) -> None:
    found = just_sent.why_each_waits(session, sent)
    assert found == explain.why_each_waits(session, sent)
    assert found[sent[0]] == found[sent[1]] != found[sent[4]]
    assert found[sent[4]].startswith("not before")


def test_what_is_paused_or_held_is_said_at_once(session: Any, sent: list[int]) -> None:
    just_sent.why_each_waits(session, sent)
    pause.pause([(PausedKind.PIPELINE, "probe")], "a test")
    session.execute(_HOLD, {"job_id": sent[1]})
    found = just_sent.why_each_waits(session, sent)
    assert found[sent[0]] == "pipeline probe is paused: a test"
    assert found[sent[1]] == "held: another test"


def test_a_head_that_hears_no_nodes_is_said_at_once(session: Any, sent: list[int]) -> None:
    just_sent.why_each_waits(session, sent)
    session.execute(text("UPDATE crobot.monitoring SET heartbeats_read_at = now() - interval '1 hour'"))
    assert "no head has heard the nodes" in just_sent.why_each_waits(session, sent)[sent[0]]


def test_nodes_are_read_again_after_a_moment(
    session: Any, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Any] = []
    nodes = explain.cluster_state.nodes
    monkeypatch.setattr(explain.cluster_state, "nodes", lambda *given: reads.append(given) or nodes(*given))
    for _ in range(3):
        just_sent.why_each_waits(session, sent)
    assert len(reads) == 1
    monkeypatch.setattr(just_sent, "FRESH_S", 0.0)
    session.execute(_NODE)
    assert "sent01" in just_sent.why_each_waits(session, sent)[sent[2]]
    assert len(reads) == 2


def test_of_a_job_that_is_over_nothing_is_said(session: Any, sent: list[int]) -> None:
    cancel(sent[0])
    assert just_sent.why_each_waits(session, sent)[sent[0]] == ""
    assert just_sent.why_each_waits(session, [2**40]) == {}
