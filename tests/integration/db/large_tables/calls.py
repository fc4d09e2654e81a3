"""Each function of `db` that takes a session, called with values that are representative of tables filled by `fill`."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import TextClause, select
from sqlalchemy.orm import Session

from crobot_tasks.lifecycle.calls.new_job import Own
from crobot_tasks.lifecycle.finishing.continuation import Again, again_columns
from db import nomenclature
from db.crobot import (
    LIVE,
    JobState,
    PausedKind,
    accounting,
    at_work,
    chords,
    clock,
    control,
    counting,
    dispatching,
    finishing,
    history,
    jobs,
    leases,
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
from db.crobot.selection import ALL, Selection
from db.nomenclature import adopting, exporting, importing, numbering, store
from db.prepared import Prepared
from db.species import (
    Locus,
    Scheme,
    allele_positions,
    annotations,
    assemblies,
    loci,
    lookups,
    outdated,
    profiles,
    result_rows,
    schemes,
    strains,
    traces,
)
from db.species import overview as species_overview
from db.species.barcodes import Kind
from db.species.lookups import Key
from db.system import preferences, projects, user_jobs
from tests.integration.db.large_tables.access_calls import of_access, of_live, of_pages, of_server
from tests.integration.db.large_tables.batch_calls import of_batches
from tests.integration.db.large_tables.fill import LIVE as NOT_OVER
from tests.integration.db.large_tables.fill import LOCI, SCHEME
from tests.integration.db.large_tables.maintenance_calls import of_maintenance
from tests.integration.db.large_tables.pruning_calls import of_pruning
from tests.integration.db.large_tables.upload_calls import of_uploads
from tests.integration.db.large_tables.webhook_calls import of_webhooks

ROOMS = ("db.crobot", "db.system", "db.species", "db.nomenclature")
GIB = 1024**3
#: of a row that is not there
KEY = str(UUID(int=7))
DAY_S = 86_400.0

Call = Callable[[Session], Any]


def functions() -> set[str]:
    """The names of all functions that take a session, or return a query."""
    return {
        f"{module.__name__}.{name}"
        for module in _modules()
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and _asks(name, value)
    }


def statements() -> dict[str, str]:
    """The names of all statements that a module keeps, with their texts."""
    return _kept(TextClause) | prepared()


def prepared() -> dict[str, str]:
    """The names of those that are prepared, with their texts."""
    return _kept(Prepared)


def _kept(kind: type[TextClause | Prepared]) -> dict[str, str]:
    return {
        f"{module.__name__}.{name}": value.text
        for module in _modules()
        for name, value in vars(module).items()
        if isinstance(value, kind)
    }


def _modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        for found in pkgutil.walk_packages(import_module(room).__path__, f"{room}."):
            yield import_module(found.name)


def _asks(name: str, function: Any) -> bool:
    signature = inspect.signature(function)
    takes_session = next(iter(signature.parameters), "") == "session"
    return not name.startswith("_") and (takes_session or "Select[" in str(signature.return_annotation))


def calls(size: int) -> dict[str, Call]:
    """The function's name, and after a space what is asked of it → the call, for tables of so many jobs."""
    return (
        _of_jobs(size)
        | _of_nodes(size)
        | _of_operators(size)
        | _of_system(size)
        | _of_species(size)
        | _of_numbers()
        | of_access()
        | of_server()
        | of_live(size)
        | of_pages()
        | of_batches(size)
        | of_maintenance(size)
        | of_webhooks(size)
        | of_uploads()
        | of_pruning(size)
    )


def _park_each(session: Session, columns: dict[str, Any], unique_key: str | None) -> None:
    own = {name: columns[name] for name in Own._fields} | {"unique_key": unique_key}
    shared = {name: value for name, value in columns.items() if name not in own}
    parking.park_each(session, [shared], [0], {name: [value] for name, value in own.items()})


def _of_jobs(size: int) -> dict[str, Call]:
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
           for selection in _selections()},
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


def _selections() -> list[Selection]:
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


def _of_nodes(size: int) -> dict[str, Call]:
    named = [f"{size - 10}.1", f"{size - 20}.1", f"{size - NOT_OVER}.1"]
    heartbeat: dict[str, Any] = {
        "name": "node1", "incarnation": "000002", "beat": 1, "cores": 32, "memory_bytes": GIB, "disk_bytes": GIB,
        "pipelines": {}, "unavailable": {}, "tags": [], "local_data": None, "message_format": 1, "queued": 10,
        "pending_reports": 0,
        "software": ""}  # fmt: skip
    return {
        "db.crobot.leases.heartbeat": lambda s: leases.heartbeat(s, heartbeat),
        "db.crobot.leases.of_earlier_incarnations": lambda s: leases.of_earlier_incarnations(
            s, "node2", "000002", named
        ),
        "db.crobot.leases.missing": lambda s: leases.missing(s, "node2", named, 0, 60.0),
        "db.crobot.leases.missing queued": lambda s: leases.missing(s, "node2", named, 10, 60.0),
        "db.crobot.leases.clear_missing": lambda s: leases.clear_missing(s, "node2"),
        "db.crobot.leases.nodes_up": leases.nodes_up,
        "db.crobot.leases.unwanted": lambda s: leases.unwanted(s, "node2", named),
        "db.crobot.leases.note_heartbeats_read": lambda s: leases.note_heartbeats_read(s, 4.0, 60.0),
        "db.crobot.leases.silent": lambda s: leases.silent(s, 60.0),
        "db.crobot.leases.on_lost_nodes": lambda s: leases.on_lost_nodes(s, 0.0),
        "db.crobot.leases.failing": lambda s: leases.failing(s, 3),
        "db.crobot.leases.quarantine": lambda s: leases.quarantine(s, "node2", "broken"),
        "db.crobot.leases.drain": lambda s: leases.drain(s, "node2", "upgrade"),
        "db.crobot.leases.forget": lambda s: leases.forget(s, "node0"),
        "db.crobot.leases.resume": lambda s: leases.resume(s, "node2"),
    }


def _of_operators(size: int) -> dict[str, Call]:
    some = list(range(size - 150, size - 50))
    over = list(range(size // 2, size // 2 + 100))
    few = [Selection(batch="batch1"), Selection(user_id=4242), Selection(tag="tag7"), Selection(user_id=7, states=LIVE),
           Selection(pipeline="retired"), Selection(workgroup="retired"), Selection(database="retired"),
           Selection(held=True)]  # fmt: skip
    return {
        **{f"db.crobot.control.ids {one}": lambda s, one=one: control.ids(s, one) for one in few},
        **{
            f"db.crobot.counting.counts {one}": lambda s, one=one: counting.counts(s, one)
            for one in [*_selections(), ALL]
        },
        "db.crobot.control.ids": lambda s: control.ids(s, Selection(states=LIVE)),
        "db.crobot.control.ids past": lambda s: control.ids(s, Selection(ids=tuple(range(101, 201)))),
        "db.crobot.control.unknown_ids": lambda s: control.unknown_ids(s, [1, 2, size + 1]),
        "db.crobot.control.hold": lambda s: control.hold(s, some, ""),
        "db.crobot.control.release": lambda s: control.release(s, some),
        "db.crobot.control.reprioritise": lambda s: control.reprioritise(s, some, 3),
        "db.crobot.control.resent": lambda s: control.resent(s, over),
        "db.crobot.control.resent past": lambda s: control.resent(s, list(range(101, 201))),
        "db.crobot.control.ever_sent": lambda s: control.ever_sent(s, "retired"),
        "db.crobot.control.ever_sent never": lambda s: control.ever_sent(s, "never"),
        "db.crobot.control.pause": lambda s: control.pause(s, PausedKind.SPECIES, "ecoli", ""),
        "db.crobot.control.unpause": lambda s: control.unpause(s, PausedKind.SPECIES, "ecoli"),
    }


def _of_system(size: int) -> dict[str, Call]:
    analysis: dict[str, Any] = {
        "user_id": 7,
        "database": "senterica",
        "type": "ms_trees",
        "name": "",
        "data": {},
    }
    log: dict[str, Any] = {
        "job_id": size + 1,
        "accession": "",
        "user_id": 7,
        "database": "senterica",
        "pipeline": "",
        "version": "",
    }
    return {
        "db.system.preferences.reserve": preferences.reserve,
        "db.system.preferences.add": lambda s: preferences.add(s, size, **analysis),
        "db.system.preferences.sent": lambda s: preferences.sent(s, 7, 1),
        "db.system.preferences.not_sent": lambda s: preferences.not_sent(s, 7, "no"),
        "db.system.preferences.completed": lambda s: preferences.completed(s, 7, 1, {}),
        "db.system.preferences.failed": lambda s: preferences.failed(s, 7, 1, "no"),
        "db.system.preferences.remove_unsent": lambda s: preferences.remove_unsent(s, 7),
        "db.system.preferences.complete_by": lambda s: preferences.complete_by(s, 7, 1),
        "db.system.preferences.existing": lambda s: preferences.existing(s, range(1, 1001)),
        "db.system.preferences.find_analysis": lambda s: preferences.find_analysis(s, 7),
        "db.system.preferences.locked": lambda s: preferences.locked(s, 1),
        "db.system.preferences.list_analyses": lambda s: preferences.list_analyses(s, ["ms_trees", "locus_search"]),
        "db.system.preferences.list_analyses rare": lambda s: preferences.list_analyses(s, ["snp_project"]),
        "db.system.preferences.list_analyses user": lambda s: preferences.list_analyses(s, ["ms_trees"], user_id=7),
        "db.system.preferences.list_analyses page":
            lambda s: preferences.list_analyses(s, ["ms_trees"], user_id=7, before=500),
        "db.system.preferences.list_analyses nobody": lambda s: preferences.list_analyses(s, ["ms_trees"], user_id=999),
        "db.system.preferences.list_analyses species":
            lambda s: preferences.list_analyses(s, ["ms_trees"], database="ecoli"),
        "db.system.projects.add": lambda s: projects.add(s, "senterica", "", 7, {}),
        "db.system.projects.find": lambda s: projects.find(s, 1),
        "db.system.projects.locked": lambda s: projects.locked(s, 1),
        "db.system.projects.change": lambda s: projects.change(s, projects.find(s, 1), error="no"),
        "db.system.projects.of_reference": lambda s: projects.of_reference(s, "senterica", 1),
        "db.system.projects.complete_of": lambda s: projects.complete_of(s, "senterica", 7, 1),
        "db.system.projects.listing": projects.listing,
        "db.system.projects.listing species": lambda s: projects.listing(s, "ecoli"),
        "db.system.user_jobs.sent_each": lambda s: user_jobs.sent_each(s, [user_jobs.Line(**log)]),
        "db.system.user_jobs.cancelled": lambda s: user_jobs.cancelled(s, [1, 2, 3]),
        "db.system.user_jobs.ended": lambda s: user_jobs.ended(s, 7, "COMPLETE"),
    }  # fmt: skip


def _of_species(size: int) -> dict[str, Call]:
    barcodes = [f"SAL_AA{number:04d}AA_AS" for number in range(101, 121)]
    record = assemblies.AssemblyRecord(None, "4.1", "/storage/new", passed=True)
    keys = [Key(number, 2) for number in range(101, 121)]
    latest = lookups.Latest(size, "4.1")
    return {
        "db.species.allele_positions.store": lambda s: allele_positions.store(s, _lookup(s), _mlst(s).id, GFF),
        "db.species.allele_positions.gff": lambda s: _stored(s) and allele_positions.gff(s, barcodes[0], SCHEME),
        "db.species.allele_positions.gffs": lambda s: _stored(s) and allele_positions.gffs(s, 101),
        "db.species.allele_positions.jobs": lambda s: allele_positions.jobs(s, 101),
        "db.species.allele_positions.get_allele_details_for_strain":
            lambda s: allele_positions.get_allele_details_for_strain(s, "SAL_101_SS", SCHEME, LOCI),
        "db.species.allele_positions.get_allele_details":
            lambda s: allele_positions.get_allele_details(s, barcodes, SCHEME, LOCI),
        "db.species.annotations.placed_loci": lambda s: _stored(s) and annotations.placed_loci(s, 101),
        "db.species.assemblies.record_assembly": lambda s: assemblies.record_assembly(s, record, [101]),
        "db.species.assemblies.assembly_of_strain": lambda s: assemblies.assembly_of_strain(s, 101, "0"),
        "db.species.assemblies.strain_names_of": lambda s: assemblies.strain_names_of(s, barcodes[:1]),
        "db.species.assemblies.find_assemblies": lambda s: assemblies.find_assemblies(s, barcodes[:20]),
        "db.species.assemblies.existing_assemblies": lambda s: assemblies.existing_assemblies(s, barcodes[:20]),
        "db.species.assemblies.assemblies_in_use": lambda s: assemblies.assemblies_in_use(s, 1000),
        "db.species.assemblies.find_assembly": lambda s: assemblies.find_assembly(s, barcodes[0]),
        "db.species.assemblies.find_made": lambda s: assemblies.find_made(s, 404),
        "db.species.assemblies.judge_assembly": lambda s: assemblies.judge_assembly(
            s, assemblies.find_assembly(s, barcodes[0]), passed=False, top_species=None, stats={}),
        "db.species.assemblies.strain_names": lambda s: assemblies.strain_names(s, range(101, 121)),
        "db.species.assemblies.list_assemblies": lambda s: assemblies.list_assemblies(s, 20),
        "db.species.assemblies.list_assemblies page": lambda s: assemblies.list_assemblies(s, 20, before=500),
        "db.species.assemblies.list_assemblies strain": lambda s: assemblies.list_assemblies(s, 20, "strain 101"),
        "db.species.loci.loci_of": lambda s: loci.loci_of(s, _mlst(s)),
        "db.species.lookups.sent": lambda s: lookups.sent(s, 101, 2, size, "4.1"),
        "db.species.lookups.sent_each": lambda s: lookups.sent_each(s, dict.fromkeys(keys, latest)),
        "db.species.lookups.completed": lambda s: lookups.completed(s, 101, 2, size, "4.1", {}),
        "db.species.lookups.completed_each": lambda s: lookups.completed_each(s, dict.fromkeys(keys, {}), size, "4.1"),
        "db.species.lookups.failed_each": lambda s: lookups.failed_each(s, dict.fromkeys(keys, "no"), size),
        "db.species.lookups.failed": lambda s: lookups.failed(s, 101, 2, size, "no"),
        "db.species.lookups.amended": lambda s: lookups.amended(s, keys[0], {}),
        "db.species.lookups.cancelled": lambda s: lookups.cancelled(s, 101, 2, size),
        "db.species.lookups.cancelled_each": lambda s: lookups.cancelled_each(s, keys),
        "db.species.lookups.under_way": lookups.under_way,
        "db.species.lookups.recounted": lambda s: lookups.recounted(s, keys[0], 1),
        "db.species.lookups.find_lookup": lambda s: lookups.find_lookup(s, 101, 2),
        "db.species.lookups.find_each": lambda s: lookups.find_each(s, keys),
        "db.species.lookups.lock_each": lambda s: lookups.lock_each(s, keys),
        "db.species.outdated.outdated": lambda s: s.execute(outdated.outdated(_mlst(s), "4.2").limit(100)),
        "db.species.outdated.outdated none": lambda s: s.execute(outdated.outdated(_mlst(s), "4.1").limit(100)),
        "db.species.outdated.count": lambda s: outdated.count(s, _mlst(s), "4.1"),
        "db.species.overview.made_assembly": lambda s: species_overview.made_assembly(s, 404),
        "db.species.overview.lookups": lambda s: species_overview.lookups(s, 505),
        "db.species.overview.results": lambda s: species_overview.results(s, 505),
        "db.species.overview.schemes": species_overview.schemes,
        "db.species.profiles.loci": lambda s: profiles.loci(s, _mlst(s)),
        "db.species.profiles.profiles": lambda s: profiles.profiles(s, _mlst(s), barcodes),
        "db.species.result_rows.schemes": lambda s: result_rows.schemes(s, []),
        "db.species.result_rows.assemblies": lambda s: result_rows.assemblies(s, 400, 100, in_use=True),
        "db.species.result_rows.newest_assemblies": lambda s: result_rows.newest_assemblies(s, 400, 100),
        "db.species.result_rows.newest_assemblies first":
            lambda s: result_rows.newest_assemblies(s, None, 100, in_use=True),
        "db.species.result_rows.standings":
            lambda s: result_rows.standings(s, _mlst(s).id, range(400, 500), {"alleles": ("alleles",)}),
        "db.species.result_rows.published": lambda s: result_rows.published(s, _mlst(s).id, [1, 7, 404]),
        "db.species.schemes.find_scheme": lambda s: schemes.find_scheme(s, SCHEME),
        "db.species.schemes.list_schemes": schemes.list_schemes,
        "db.species.schemes.add_scheme": lambda s: schemes.add_scheme(s, "new", "new", "SeroPred"),
        "db.species.schemes.call_on_demand": _on_demand,
        "db.species.schemes.nomenclature_versions": schemes.nomenclature_versions,
        "db.species.schemes.schemes_to_call": schemes.schemes_to_call,
        "db.species.schemes.schemes_never_sent": lambda s: schemes.schemes_never_sent(s, barcodes[0]),
        "db.species.strains.add_strain_with_reads": lambda s: strains.add_strain_with_reads(s, "new", ["ERR000001"]),
        "db.species.strains.lock_strain": lambda s: strains.lock_strain(s, "strain 97"),
        "db.species.strains.add_genome": lambda s: strains.add_genome(s, strains.lock_strain(s, "strain 97"), "/new"),
        "db.species.strains.find_trace": lambda s: strains.find_trace(s, ["/reads/101_1", "/reads/101_2"]),
        "db.species.strains.find_trace accession": lambda s: strains.find_trace(s, ["ERR000001"]),
        "db.species.strains.new_row": lambda s: strains.new_row(s, "strains", Kind.STRAIN),
        "db.species.strains.new_rows": lambda s: strains.new_rows(s, "strains", Kind.STRAIN, 20),
        "db.species.traces.find_traces": lambda s: traces.find_traces(s, range(101, 121)),
    }  # fmt: skip


GFF = (
    "##gff-version 3\n"
    "contig1\tcrobot\tsequence_feature\t1\t90\t1.0000\t-\t.\tID=X_aroC;locus=aroC;allele=5;status=exact\n"
)


def _mlst(session: Session) -> Scheme:
    return schemes.find_scheme(session, SCHEME)


def _on_demand(session: Session) -> Scheme:
    schemes.add_scheme(session, "new", "new", "SeroPred")
    return schemes.call_on_demand(session, "new")


def _lookup(session: Session) -> int:
    found = lookups.find_lookup(session, 101, _mlst(session).id)
    assert found is not None
    return found.id


def _stored(session: Session) -> bool:
    """An assembly has positions that are GFF again."""
    allele_positions.store(session, _lookup(session), _mlst(session).id, GFF)
    return True


def _aroc(session: Session) -> Locus:
    return session.scalars(select(Locus).where(Locus.name == "aroC")).one()


def _of_numbers() -> dict[str, Call]:
    new = dict.fromkeys(LOCI, "ACGTACGTAA")
    profile = dict.fromkeys(LOCI, 5)
    return {
        "db.nomenclature.adopting.adopt_allele": lambda s: adopting.adopt_allele(s, _mlst(s), _aroc(s), 7, 900_000),
        "db.nomenclature.adopting.adopt_sequence_type":
            lambda s: adopting.adopt_sequence_type(s, _mlst(s), 7, 900_000),
        "db.nomenclature.exporting.export": lambda s: nomenclature.export(s, "achtman").alleles,
        "db.nomenclature.exporting.publish":
            lambda s: (numbering.number_alleles(s, "achtman", new), nomenclature.publish(s, "achtman")),
        "db.nomenclature.exporting.has_unpublished": lambda s: exporting.has_unpublished(s, _mlst(s)),
        "db.nomenclature.exporting.release": lambda s: exporting.release(s, _mlst(s)),
        "db.nomenclature.importing.import_scheme": lambda s: importing.import_scheme(
            s, "achtman", SCHEME, SCHEME, LOCI, [("aroC", 900_000, "ACCC")], [(900_000, [1, 1, 1, 1, 1, 1, 2])]),
        "db.nomenclature.numbering.number_alleles": lambda s: numbering.number_alleles(s, "achtman", new),
        "db.nomenclature.numbering.number_profile": lambda s: numbering.number_profile(s, "achtman", profile),
        "db.nomenclature.numbering.number_profile local":
            lambda s: numbering.number_profile(s, "achtman", profile | {"aroC": 1_000_001}),
        "db.nomenclature.numbering.published_ids":
            lambda s: numbering.published_ids(s, "achtman", dict.fromkeys(new, 1000001)),
        "db.nomenclature.numbering.st_barcode": lambda s: numbering.st_barcode(s, 7),
        "db.nomenclature.store.lock": store.lock,
        "db.nomenclature.store.find_scheme": lambda s: store.find_scheme(s, "achtman"),
        "db.nomenclature.store.list_schemes": store.list_schemes,
    }  # fmt: skip
