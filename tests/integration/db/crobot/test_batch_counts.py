"""Items are counted each once, however their jobs ended, whichever slices share one, and wherever its row is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from sqlalchemy import Row

from db.crobot import batch_counts, batch_items
from db.engine import transaction
from tests.processes import query, value

# Two jobs ended, of which one failed; one runs, and one waits. The attempts of the first have cost 5 s and 7 s.
_JOBS = """
    INSERT INTO crobot.jobs (pipeline, state, outcome, args, kwargs, request, context, cores, memory_bytes, disk_bytes,
        time_limit_s, expected_s, finished_at)
    SELECT 'items', state, outcome, '[]', '{}', '{}', '{}', 1, 0, 0, 1, 1, ended
    FROM (VALUES ('COMPLETE', '', now()), ('FAILED', 'tool', now()), ('RUNNING', '', NULL), ('WAITING', '', NULL))
        AS r(state, outcome, ended) RETURNING id"""
_ATTEMPTS = """
    INSERT INTO crobot.attempts (job_id, number, node, cores, memory_bytes, ended_at, outcome, usage)
    SELECT :id, n, 'calc01', 1, 0, now(), 'ok', CAST(usage AS jsonb)
    FROM (VALUES (1, '{"cpu_s": 5}'), (2, '{"cpu_s": 7}'), (3, '{"cpu_s": "?"}')) AS r(n, usage) RETURNING 1"""
_BATCH = """
    INSERT INTO crobot.batches (name, kind, shared, priority, size, live_limit, slice_size)
    VALUES ('items', 'calls', '{}', 8, 9, 10, 5) RETURNING id"""
_SLICES = """
    INSERT INTO crobot.batch_slices (batch_id, number, first_item, last_item)
    VALUES (:batch, 1, 1, 5), (:batch, 2, 6, 9) RETURNING 1"""
# The first job is that of items of both slices, and the earlier answer of a third.
_ITEMS = """
    INSERT INTO crobot.batch_items (batch_id, number, key, job_id, cached, skipped)
    VALUES (:batch, 1, 'a', :complete, false, ''), (:batch, 2, 'b', :complete, true, ''),
           (:batch, 3, 'c', :failed, false, ''), (:batch, 4, 'd', NULL, false, 'no reads'),
           (:batch, 5, 'e', 9223372036854775807, false, ''),
           (:batch, 6, 'f', :complete, false, ''), (:batch, 7, 'g', :running, false, ''),
           (:batch, 8, 'h', :waiting, false, ''), (:batch, 9, 'i', NULL, false, '') RETURNING 1"""
_ENDS = """
    SELECT e.state, e.outcome, e.items, e.cpu_s
    FROM crobot.batch_slices s, json_to_recordset(s.ends) AS e(state text, outcome text, items int, cpu_s float8)
    WHERE s.batch_id = :batch ORDER BY 1, 2"""
_JOBS_OF = """
    SELECT job_id FROM crobot.batch_items WHERE batch_id = :batch AND number = ANY(:numbers) ORDER BY number"""

FIRST_SLICE = {
    ("COMPLETE", ""): (1, 12.0),
    ("cached", ""): (1, 0.0),
    ("FAILED", "tool"): (1, 0.0),
    ("skipped", ""): (1, 0.0),
    ("forgotten", ""): (1, 0.0),
}
BOTH = FIRST_SLICE | {
    ("COMPLETE", ""): (2, 24.0),
    ("RUNNING", ""): (1, 0.0),
    ("WAITING", ""): (1, 0.0),
    ("unsent", ""): (1, 0.0),
}


@pytest.fixture
def batch(two_species: None) -> Iterator[int]:
    """A batch of nine items in two slices."""
    ids = sorted(row.id for row in query(_JOBS))
    number = int(value(_BATCH))
    query(_ATTEMPTS, id=ids[0])
    query(_SLICES, batch=number)
    query(_ITEMS, batch=number, **dict(zip(("complete", "failed", "running", "waiting"), ids, strict=True)))
    yield number
    for table in ("batch_resends", "batch_items", "batch_slices"):
        query(f"DELETE FROM crobot.{table} WHERE batch_id = :batch RETURNING 1", batch=number)
    query("DELETE FROM crobot.batches WHERE id = :batch RETURNING 1", batch=number)
    query("DELETE FROM crobot.attempts WHERE job_id = ANY(:ids) RETURNING 1", ids=ids)
    query("DELETE FROM crobot.jobs WHERE id = ANY(:ids) RETURNING 1", ids=ids)


def found(rows: Iterable[Row[Any]]) -> dict[tuple[str, str], tuple[int, float]]:
    """The state and the outcome → items, and their CPU seconds."""
    sums: dict[tuple[str, str], tuple[int, float]] = {}
    for row in rows:
        items, cpu_s = sums.get((row.state, row.outcome), (0, 0.0))
        sums[row.state, row.outcome] = (items + row.items, cpu_s + row.cpu_s)
    return sums


def ends_of(batch: int) -> dict[tuple[str, str], tuple[int, float]]:
    return found(query(_ENDS, batch=batch))


def test_each_item_is_counted_once_in_its_state(batch: int) -> None:
    with transaction() as session:
        assert found(batch_counts.states(session, [batch])) == BOTH
        assert batch_counts.live(session, batch) == 2


def test_only_the_slice_without_a_live_job_is_closed_and_nothing_changes_by_it(batch: int) -> None:
    with transaction() as session:
        batch_counts.count(session, batch)
        assert found(batch_counts.states(session, [batch])) == BOTH
        assert batch_counts.miscounted(session, batch) == []
    assert ends_of(batch) == FIRST_SLICE


def test_an_item_that_is_sent_again_leaves_the_count_of_its_slice_and_comes_back(batch: int) -> None:
    with transaction() as session:
        batch_counts.count(session, batch)
        failed, waiting = (row.job_id for row in query(_JOBS_OF, batch=batch, numbers=[3, 8]))
        batch_counts.take_off(session, batch, [3])
        batch_items.note_sent(
            session, batch, [{"number": 3, "job_id": waiting, "cached": False, "skipped": ""}]
        )
        again = BOTH | {("WAITING", ""): (2, 0.0)}
        del again["FAILED", "tool"]
        assert found(batch_counts.states(session, [batch])) == again
        assert batch_counts.miscounted(session, batch) == []
        # One that is not over yet stays with those that are looked at, also when it is sent once more.
        batch_counts.count(session, batch)
        batch_counts.take_off(session, batch, [3])
        assert found(batch_counts.states(session, [batch])) == again
        batch_items.note_sent(
            session, batch, [{"number": 3, "job_id": failed, "cached": False, "skipped": ""}]
        )
        assert found(batch_counts.states(session, [batch])) == BOTH
        batch_counts.count(session, batch)
        assert found(batch_counts.states(session, [batch])) == BOTH
        assert batch_counts.miscounted(session, batch) == []
    assert ends_of(batch) == FIRST_SLICE


def test_a_slice_that_is_counted_again_has_its_items_that_were_sent_again(batch: int) -> None:
    with transaction() as session:
        batch_counts.count(session, batch)
        batch_counts.take_off(session, batch, [1, 3])
        batch_counts.reopen_slices(session, batch, [1])
        assert found(batch_counts.states(session, [batch])) == BOTH
        batch_counts.count(session, batch)
    assert ends_of(batch) == FIRST_SLICE
