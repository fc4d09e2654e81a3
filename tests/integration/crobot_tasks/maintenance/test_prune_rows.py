"""Rows that are pruned, by kind, and when heads do it by themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import celeryconfig
from crobot_tasks.maintenance.pruning import prune as pruning
from crobot_tasks.maintenance.pruning.prune import Pruned, prune, prune_daily
from db.crobot import old_rows
from db.crobot.old_rows import FIXED_DAYS, Amount
from db.engine import transaction
from tests.integration.crobot_tasks.maintenance.old_jobs import add_job
from tests.processes import query, value

Policy = Callable[[str], None]

#: kind → the table, and the columns of a row that is old, but for its age
OLD = {
    "answers": ("crobot.kept_answers", "kept_at", "token_id, key, request_sha256, status, answer",
                "(SELECT max(id) FROM crobot.api_tokens), :name, 'x', 201, '{}'"),
    "messages": ("crobot.messages", "sent_at", "task_id, name, args, kwargs, options, published_at",
                 ":name, '', '[]', '{}', '{}', now()"),
    "chords": ("crobot.chords", "sent_at", "id, size", ":name, 2"),
    "revoked": ("crobot.revoked", "revoked_at", "header, value", "'', to_jsonb(CAST(:name AS text))"),
    "deliveries": ("crobot.deliveries", "written_at", "kind, number, url, origin, body, state",
                   "'job', 1, :name, '', '{}', 'delivered'"),
    "webhooks": ("crobot.webhooks", "ordered_at", "kind, number, url, origin", "'job', -1, :name, ''"),
    "changes": ("crobot.changes", "made_at", "token_id, user_id, address, action", "1, 1, '', :name"),
    "uploads": ("system.user_uploads", "expires_at", "database, status, strain", "'', 'expired', :name"),
    "nodes": ("crobot.nodes", "lost_at",
              "name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable",
              ":name, '', 1, 1, 1, '{}', '{}'"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def alone(policy: Policy) -> None:
    """Nothing is left of the tests before, and the policy says nothing."""
    for table in ("crobot.jobs", "crobot.prunings", *(table for table, *_ in OLD.values())):
        query(f"DELETE FROM {table} RETURNING 1")
    query("DELETE FROM crobot.api_tokens RETURNING id")
    query(
        "INSERT INTO crobot.api_tokens (sha256, name, user_id, scopes) VALUES ('x', '', 1, '{}') RETURNING id"
    )


def add(kind: str, name: str, days: float, **columns: str) -> None:
    """Add a row of this age; ``columns`` are others than usual, in SQL."""
    table, at, names, values = OLD[kind]
    more = "".join(f", {column}" for column in columns)
    said = "".join(f", {text}" for text in columns.values())
    age = "now() - make_interval(secs => :days * 86400)"
    query(
        f"INSERT INTO {table} ({names}, {at}{more}) VALUES ({values}, {age}{said}) RETURNING 1",
        name=name,
        days=days,
    )


def of(kind: str, found: list[Pruned]) -> Pruned:
    return next(one for one in found if one.kind == kind)


def left(kind: str) -> int:
    return int(value(f"SELECT count(*) FROM {OLD[kind][0]}"))


@pytest.mark.parametrize("kind", OLD)
def test_rows_go_when_they_are_older_than_they_are_kept(kind: str) -> None:
    kept = of(kind, prune(dry_run=True)).days
    assert kept is not None
    for number in range(3):
        add(kind, f"old {number}", kept + 0.1)
    add(kind, "young", kept - 0.1)
    said = of(kind, prune(dry_run=True))
    assert (said.number, said.bytes > 30) == (3, True)
    assert left(kind) == 4
    done = of(kind, prune())
    # a row that is removed is measured as it is in memory, some bytes more or less than on the disk
    assert (done.number, done.bytes) == (3, pytest.approx(said.bytes, rel=0.1))
    assert left(kind) == 1


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("messages", {"begun_at": "NULL"}),
        ("deliveries", {"due_at": "now()"}),
        ("webhooks", {"user_id": "7"}),
        ("uploads", {"user_id": "7"}),
        ("nodes", {"drained_at": "now()"}),
        ("nodes", {"quarantined_at": "now()"}),
    ],
)
def test_rows_that_are_needed_stay_whatever_their_age(kind: str, why: dict[str, str]) -> None:
    add(kind, "old", 4000, **why)
    match kind:
        case "messages":
            query("UPDATE crobot.messages SET published_at = NULL RETURNING id")
        case "deliveries":
            query("UPDATE crobot.deliveries SET state = 'waiting' RETURNING id")
        case "webhooks":
            job = add_job("WAITING")
            query("UPDATE crobot.webhooks SET number = :job RETURNING id", job=job)
        case "uploads":
            query("""INSERT INTO system.upload_files (upload_id, user_id, mate, name, length)
                     SELECT id, 7, 1, '', 1 FROM system.user_uploads RETURNING id""")
    assert of(kind, prune()).number == 0
    assert left(kind) == 1


def test_a_slice_is_no_larger_than_it_may_be_and_leaves_the_youngest() -> None:
    for number in range(5):
        add("chords", f"{number}", 10 + number)
    with transaction() as session:
        assert old_rows.remove(session, "chords", 7, limit=3).number == 3
    assert [row.id for row in query("SELECT id FROM crobot.chords ORDER BY id")] == ["0", "1"]


def test_what_goes_with_celerys_results_is_kept_as_long_as_these() -> None:
    assert {FIXED_DAYS[kind] for kind in ("messages", "chords", "revoked")} == {
        celeryconfig.result_expires / 86_400
    }


def test_amounts_are_added_kind_by_kind_over_several_rounds() -> None:
    one, other = Pruned("logs", 180, 2, 30), Pruned("logs", 180, 3, 40)
    assert one + other == Pruned("logs", 180, 5, 70)
    assert one + None == one
    assert Amount(1, 2) + Amount(3, 4) == Amount(4, 6)


def test_heads_do_it_once_a_day_and_not_on_the_first(policy: Policy) -> None:
    add("chords", "old", 8)
    prune_daily()
    assert left("chords") == 1
    query("UPDATE crobot.prunings SET done_to = done_to - interval '3 days' WHERE kind = 'daily' RETURNING 1")
    policy("[retention]\ndaily = false")
    prune_daily()
    assert left("chords") == 1
    policy("[retention]\nhour = 0")
    prune_daily()
    assert left("chords") == 0
    add("chords", "older", 8)
    prune_daily()
    assert left("chords") == 1


def test_a_round_that_has_no_time_left_is_gone_on_with_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "ROUND_S", 0.0)
    old = [add_job("FAILED", 400), add_job("FAILED", 300)]
    add("chords", "old", 8)
    first = pruning.prune_round(seconds=0.0)
    assert (first.is_finished, of("chords", first.kinds).number) == (False, 1)
    found = prune()
    assert of("unused_outputs", found).number == 2 * len(old)
    assert of("logs", found).number == len(old)
