"""What the life of jobs asks of the database: sent, placed, begun, ended, looked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from crobot_tasks.lifecycle.calls.new_job import Own
from crobot_tasks.lifecycle.finishing.continuation import Again, again_columns
from db.crobot import (
    LIVE,
    JobState,
    accounting,
    at_work,
    chords,
    clock,
    dispatching,
    finishing,
    history,
    jobs,
    messages,
    numbers,
    overview,
    parking,
    policies,
    progress,
    revoking,
    settlements,
    unapplied,
)
from db.crobot.dispatching import Line
from db.crobot.selection import Selection
from tests.integration.db.large_tables.fill import LIVE as NOT_OVER

GIB = 1024**3
#: of a row that is not there
KEY = str(UUID(int=7))
DAY_S = 86_400.0

Call = Callable[[Session], Any]


def _park_each(session: Session, columns: dict[str, Any], unique_key: str | None) -> None:
    own = {name: columns[name] for name in Own._fields} | {"unique_key": unique_key}
    shared = {name: value for name, value in columns.items() if name not in own}
    parking.park_each(session, [shared], [0], {name: [value] for name, value in own.items()})


def of_jobs(size: int) -> dict[str, Call]:
    """The function's name → the call, for tables of so many jobs."""
    waiting, running, ids = size - 9, size - 10, list(range(size - NOT_OVER - 200, size - NOT_OVER))
    past = range(101, 301)
    of_past = [f"task{number}" for number in past[:50]]  # four blocks each, however many there are
    live = [number for number in range(size - 200, size) if number % 10 == 0]
    ends = [
        {"job_id": number, "number": 1, "outcome": "ok", "message": None, "usage": {}, "begun": True, "by_head": False,
         "state": "COMPLETE", "result": {}, "output_location": None, "traceback": None} for number in live
    ]  # fmt: skip
    told = [{"job_id": number, "number": 1, "state": "PROGRESS", "meta": {"current": 1}} for number in live]
    lines = [Line(n % 10, f"group{n % 7}", n % 97, "nomenclature", "4.1", "ecoli", 4, 64 * GIB, GIB)
             for n in range(waiting - 200, waiting)]  # fmt: skip
    parked = dict.fromkeys("eta expires_at expires_s options chord_id stamps cache_key traceparent".split()) | {
        "pipeline": "QAssembly", "version": "4.1", "type": "", "tag": "tag1", "database": "senterica", "batch": "",
        "user_id": 1, "workgroup": "", "priority": 5, "args": "[]", "kwargs": "{}", "context": "{}", "request": "{}",
        "cores": 1, "memory_bytes": GIB, "disk_bytes": 0, "time_limit_s": 60, "expected_s": 60.0, "data": "[]",
        "unique_key": "new", "settlement_id": str(uuid4()), "task_id": "new", "ignore_result": False,
        "countdown_s": 0.0}  # fmt: skip
    asked = again_columns(Again(1, [], {}, countdown_s=1.0)) | {
        "job_id": running,
        "outcome": "retry",
        "message": "",
        "result": None,
    }
    again = {
        "job_id": running,
        "outcome": "node_lost",
        "message": "",
        "delay_s": 1.0,
        "memory_bytes": GIB,
        "time_limit_s": 9,
    }
    stamps = {"run": [f"run{waiting // 100}", "never"]}
    message = {"id": str(uuid4()), "task_id": "new", "name": "plain", "args": [], "kwargs": {}, "options": {}}
    placements = [{"job_id": number, "node": "node1", "reason": ""} for number in range(waiting - 5, waiting)]
    return {
        "db.crobot.accounting.fold": lambda s: accounting.fold(s, 0.25, DAY_S),
        "db.crobot.accounting.durations": accounting.durations,
        "db.crobot.accounting.ends": accounting.ends,
        "db.crobot.accounting.note_durations": lambda s: accounting.note_durations(s, "dispatch", [0.01]),
        "db.crobot.accounting.used": lambda s: accounting.used(s, 0.25, DAY_S),
        "db.crobot.chords.keep": lambda s: chords.keep(s, "new", 3),
        "db.crobot.chords.grow": lambda s: chords.grow(s, "chord0", 3),
        "db.crobot.chords.only_reminder": chords.only_reminder,
        "db.crobot.chords.last_seen": chords.last_seen,
        "db.crobot.clock.now": clock.now,
        "db.crobot.chords.note_seen": lambda s: chords.note_seen(s, "run", datetime.now(UTC)),
        "db.crobot.chords.unanswered": lambda s: chords.unanswered(s),
        "db.crobot.chords.owe_again": lambda s: chords.owe_again(s, [f"chord{size // 1000 - 1}"]),
        "db.crobot.chords.answer": lambda s: chords.answer(s, f"chord{size // 1000 - 1}"),
        "db.crobot.dispatching.now": dispatching.now,
        "db.crobot.dispatching.only_dispatch": dispatching.only_dispatch,
        "db.crobot.dispatching.nodes": dispatching.nodes,
        "db.crobot.dispatching.lines": dispatching.lines,
        "db.crobot.dispatching.waiting": lambda s: dispatching.waiting(s, lines, 8),
        "db.crobot.dispatching.waiting_behind": lambda s: dispatching.waiting_behind(s, lines, 8),
        "db.crobot.dispatching.reserved": dispatching.reserved,
        "db.crobot.dispatching.seen": lambda s: dispatching.seen(s, range(size - 50, size)),
        "db.crobot.dispatching.seen (of one)": lambda s: dispatching.seen(s, [size - 50]),
        "db.crobot.dispatching.own_ahead": lambda s: dispatching.own_ahead(s, waiting),
        "db.crobot.dispatching.reserve": lambda s: dispatching.reserve(s, [waiting], placements[:1]),
        "db.crobot.dispatching.suspects_live": lambda s: dispatching.suspects_live(s, 2),
        "db.crobot.dispatching.route": lambda s: dispatching.route(s, placements),
        "db.crobot.dispatching.expired": dispatching.expired,
        "db.crobot.dispatching.pauses": dispatching.pauses,
        "db.crobot.unapplied.live": lambda s: unapplied.live(s, {(number, 1): None for number in live}),
        "db.crobot.unapplied.note": lambda s: unapplied.note(s, {(number, 1): "late" for number in live}),
        "db.crobot.unapplied.waiting": unapplied.waiting,
        "db.crobot.unapplied.storage_mark": unapplied.storage_mark,
        "db.crobot.unapplied.set_storage_mark": lambda s: unapplied.set_storage_mark(s, "mark"),
        "db.crobot.unapplied.has_outputs": unapplied.has_outputs,
        "db.crobot.finishing.start": lambda s: finishing.start(s, [(number, 1) for number in live], "node1", "1"),
        "db.crobot.finishing.lock_live": lambda s: finishing.lock_live(s, {(number, 1): None for number in live}),
        "db.crobot.finishing.end_attempts": lambda s: finishing.end_attempts(s, ends),
        "db.crobot.finishing.end_jobs": lambda s: finishing.end_jobs(s, ends),
        "db.crobot.finishing.try_again": lambda s: finishing.try_again(s, **again),
        "db.crobot.finishing.run_again": lambda s: finishing.run_again(s, **asked),
        "db.crobot.finishing.history": lambda s: finishing.history(s, live),
        "db.crobot.finishing.largest_memory_bytes": lambda s: finishing.largest_memory_bytes(s, "QAssembly", "4.1"),
        "db.crobot.finishing.count_ignored": lambda s: finishing.count_ignored(s, [(number, 1) for number in ids]),
        "db.crobot.finishing.count_ignored past":
            lambda s: finishing.count_ignored(s, [(number, 1) for number in past]),
        "db.crobot.progress.note": lambda s: progress.note(s, f"node{live[0] % 12}", told),
        "db.crobot.progress.standing": lambda s: progress.standing(s, [f"task{number}" for number in ids]),
        "db.crobot.progress.standing past": lambda s: progress.standing(s, of_past),
        "db.crobot.progress.awaited": lambda s: progress.awaited(s, live),
        "db.crobot.progress.of_jobs": lambda s: progress.of_jobs(s, live),
        "db.crobot.history.durations": lambda s: history.durations(s, "QAssembly", 100),
        "db.crobot.history.durations retired": lambda s: history.durations(s, "retired", 100),
        "db.crobot.history.period": lambda s: history.period(s, NOT_OVER * 10 + 3600.0),
        "db.crobot.history.waiting": history.waiting,
        "db.crobot.jobs.find": lambda s: jobs.find(s, running),
        "db.crobot.jobs.find past": lambda s: jobs.find(s, 101),
        "db.crobot.jobs.cached": lambda s: jobs.cached(s, [f"key{ids[0]}"]),
        "db.crobot.jobs.cached past": lambda s: jobs.cached(s, ["key101"]),
        "db.crobot.jobs.attempts": lambda s: jobs.attempts(s, ids[0]),
        "db.crobot.jobs.attempts past": lambda s: jobs.attempts(s, 101),
        "db.crobot.jobs.by_task_id": lambda s: jobs.by_task_id(s, f"task{ids[0]}"),
        "db.crobot.jobs.by_task_id past": lambda s: jobs.by_task_id(s, "task101"),
        "db.crobot.jobs.listing": jobs.listing,
        **{f"db.crobot.jobs.listing {selection}": lambda s, one=selection: jobs.listing(s, one)
           for selection in selections()},
        "db.crobot.jobs.listing before": lambda s: jobs.listing(s, before=size // 2),
        "db.crobot.jobs.nodes": jobs.nodes,
        "db.crobot.jobs.lock": lambda s: jobs.lock(s, ids),
        "db.crobot.jobs.request_cancel": lambda s: jobs.request_cancel(s, live, "cancelled"),
        "db.crobot.jobs.heartbeats_read_s_ago": jobs.heartbeats_read_s_ago,
        "db.crobot.jobs.states": lambda s: jobs.states(s, ids),
        "db.crobot.jobs.states past": lambda s: jobs.states(s, past),
        "db.crobot.jobs.databases": lambda s: jobs.databases(s, ids),
        "db.crobot.jobs.of_sends": lambda s: jobs.of_sends(s, [str(uuid4())]),
        "db.crobot.jobs.kinds": lambda s: jobs.kinds(s, ids),
        "db.crobot.jobs.typed": lambda s: jobs.typed(s, ids),
        "db.crobot.messages.add": lambda s: messages.add(s, [message]),
        "db.crobot.messages.left_over": lambda s: messages.left_over(s, 7.0),
        "db.crobot.messages.published": lambda s: messages.published(s, [KEY]),
        "db.crobot.messages.begin": lambda s: messages.begin(s, KEY),
        "db.crobot.messages.age_s": lambda s: messages.age_s(s, KEY),
        "db.crobot.messages.done": lambda s: messages.done(s, KEY),
        "db.crobot.numbers.reached": numbers.reached,
        "db.crobot.numbers.restore": lambda s: numbers.restore(s, numbers.Reached(9, size + 100, 0), "the storage"),
        "db.crobot.numbers.restores": numbers.restores,
        "db.crobot.numbers.count_reports": lambda s: numbers.count_reports(s, 3),
        "db.crobot.overview.oldest_waiting": overview.oldest_waiting,
        "db.crobot.overview.unread_callbacks": overview.unread_callbacks,
        "db.crobot.at_work.live": at_work.live,
        "db.crobot.at_work.live_of_species": at_work.live_of_species,
        "db.crobot.at_work.reports_ignored": lambda s: at_work.reports_ignored(s, 1),
        "db.crobot.at_work.ended": lambda s: at_work.ended(s, 23),
        "db.crobot.at_work.not_begun": lambda s: at_work.not_begun(s, 120.0),
        "db.crobot.at_work.oldest_transaction_s": at_work.oldest_transaction_s,
        "db.crobot.at_work.dead_rows": at_work.dead_rows,
        "db.crobot.at_work.long_transactions": lambda s: at_work.long_transactions(s, 300),
        "db.crobot.overview.note_unread_callbacks": lambda s: overview.note_unread_callbacks(s, 3),
        "db.crobot.overview.held": overview.held,
        "db.crobot.overview.times_sent": lambda s: overview.times_sent(s, ids[0]),
        "db.crobot.overview.times_sent past": lambda s: overview.times_sent(s, past[0]),
        "db.crobot.overview.followers": lambda s: overview.followers(s, jobs.find(s, ids[0]), "tag7"),
        "db.crobot.overview.is_to_follow": lambda s: overview.is_to_follow(s, ids[:3]),
        "db.crobot.parking.park": lambda s: parking.park(s, parked),
        "db.crobot.parking.park joins": lambda s: parking.park(s, parked | {"unique_key": f"key{waiting}"}),
        "db.crobot.parking.park again": lambda s: [parking.park(s, parked) for _ in range(2)],
        "db.crobot.parking.park_each": lambda s: _park_each(s, parked, None),
        "db.crobot.parking.park_each unique": lambda s: _park_each(s, parked, f"key{waiting}"),
        "db.crobot.settlements.owed": lambda s: settlements.owed(s, live),
        "db.crobot.settlements.overdue": lambda s: settlements.overdue(s, 7.0),
        "db.crobot.settlements.outcomes": lambda s: settlements.outcomes(s, [f"task{number}" for number in ids]),
        "db.crobot.settlements.outcomes past": lambda s: settlements.outcomes(s, of_past),
        "db.crobot.settlements.settled": lambda s: settlements.settled(s, [KEY]),
        "db.crobot.settlements.id_of_task": lambda s: settlements.id_of_task(s, f"task{running}"),
        "db.crobot.settlements.claim": lambda s: settlements.claim(s, KEY, KEY, 7.0),
        "db.crobot.settlements.renew": lambda s: settlements.renew(s, [(KEY, KEY)]),
        "db.crobot.settlements.end": lambda s: settlements.end(s, KEY, KEY),
        "db.crobot.policies.newest": policies.newest,
        "db.crobot.policies.current": policies.current,
        "db.crobot.policies.accept": lambda s: policies.accept(s, "", "here"),
        "db.crobot.revoking.note_ids": lambda s: revoking.note_ids(s, [f"task{number}" for number in live]),
        "db.crobot.revoking.note_stamps": lambda s: revoking.note_stamps(s, stamps),
        "db.crobot.revoking.with_ids": lambda s: revoking.with_ids(s, [f"task{number}" for number in ids]),
        "db.crobot.revoking.with_stamps": lambda s: revoking.with_stamps(s, stamps),
        "db.crobot.revoking.revoked": lambda s: revoking.revoked(s, [f"task{number}" for number in live]),
        "db.crobot.revoking.missed": revoking.missed,
        "db.crobot.revoking.leave": lambda s: revoking.leave(s, live, [f"task{number}" for number in live]),
        "db.crobot.revoking.leave joined": lambda s: revoking.leave(s, [waiting], ["joined"]),
    }  # fmt: skip


def selections() -> list[Selection]:
    """What people ask for: what there is little of, and what of nearly all jobs are."""
    return [
        Selection(ids=(1, 2, 3)),
        Selection(user_id=4242),
        Selection(user_id=7),
        Selection(user_id=999_999),
        Selection(workgroup="retired"),
        Selection(workgroup="group1"),
        Selection(batch="batch1"),
        Selection(pipeline="retired"),
        Selection(pipeline="QAssembly"),
        Selection(database="retired"),
        Selection(database="senterica"),
        Selection(tag="tag7"),
        Selection(states=LIVE),
        Selection(states=(JobState.FAILED,)),
        Selection(states=(JobState.CANCELLED, JobState.RUNNING)),
        Selection(user_id=7, states=LIVE),
        Selection(user_id=4242, pipeline="retired", states=(JobState.FAILED,)),
        Selection(pipeline="retired", states=LIVE),
        Selection(held=True),
        Selection(node="retired"),
        Selection(outcome="ok", states=(JobState.FAILED,)),
        Selection(outcome="poison", states=(JobState.FAILED,)),
    ]
