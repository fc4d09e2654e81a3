"""What nodes, operators and the site ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from db.crobot import LIVE, PausedKind, control, counting, leases
from db.crobot.selection import ALL, Selection
from db.system import preferences, projects, user_jobs
from tests.integration.db.large_tables.fill import LIVE as NOT_OVER
from tests.integration.db.large_tables.job_calls import selections

GIB = 1024**3

Call = Callable[[Session], Any]


def of_nodes(size: int) -> dict[str, Call]:
    """The function's name → the call, for tables of so many jobs."""
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


def of_operators(size: int) -> dict[str, Call]:
    """What operators select, count and change."""
    some = list(range(size - 150, size - 50))
    over = list(range(size // 2, size // 2 + 100))
    few = [Selection(batch="batch1"), Selection(user_id=4242), Selection(tag="tag7"), Selection(user_id=7, states=LIVE),
           Selection(pipeline="retired"), Selection(workgroup="retired"), Selection(database="retired"),
           Selection(held=True)]  # fmt: skip
    return {
        **{f"db.crobot.control.ids {one}": lambda s, one=one: control.ids(s, one) for one in few},
        **{
            f"db.crobot.counting.counts {one}": lambda s, one=one: counting.counts(s, one)
            for one in [*selections(), ALL]
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


def of_system(size: int) -> dict[str, Call]:
    """What the tables of users and projects are asked for."""
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
