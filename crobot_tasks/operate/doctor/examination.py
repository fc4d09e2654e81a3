"""All subjects in their order: what is away is said first, and the rest is looked at without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from sqlalchemy.exc import SQLAlchemyError

from crobot_errors import BrokerUnreachable, CRobotError, DatabaseUnreachable, ServerFailed
from crobot_tasks.broker.answers import check_answers
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.operate.doctor import (
    broker,
    callbacks,
    credentials,
    database,
    disks,
    migrations,
    nodes,
    pooler,
    proxies,
    queues,
    schedules,
    storage,
)
from crobot_tasks.operate.doctor.finding import Finding, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen, ask_workers, looking
from db import revisions

#: how a look may fail that is no defect of ours: a server that is lost meanwhile, or that does not let us look
FAILURES = (CRobotError, SQLAlchemyError, *UNREACHABLE)


class Part(Enum):
    """What a subject needs to be looked at."""

    DATABASE = auto()
    #: the database, with the tables of this program
    TABLES = auto()
    BROKER = auto()


@dataclass(frozen=True)
class Subject:
    """What is looked at, and what that needs."""

    name: str
    examine: Callable[[Seen], Iterator[Finding]]
    needs: frozenset[Part] = frozenset()


_BOTH = frozenset({Part.TABLES, Part.BROKER})
SUBJECTS = (
    Subject("database", database.examine, frozenset({Part.DATABASE})),
    Subject("database", pooler.examine, frozenset({Part.DATABASE})),
    Subject("tables", migrations.examine, frozenset({Part.DATABASE})),
    Subject("broker", broker.examine, frozenset({Part.BROKER})),
    Subject("schedules", schedules.examine, frozenset({Part.TABLES})),
    Subject("nodes", nodes.examine, frozenset({Part.TABLES})),
    Subject("queues", queues.examine, frozenset({Part.BROKER})),
    Subject("queues", queues.examine_waiting, frozenset({Part.TABLES})),
    Subject("callbacks", callbacks.examine, frozenset({Part.TABLES})),
    Subject("storage", storage.examine_mark, frozenset({Part.TABLES})),
    Subject("storage", storage.examine, frozenset({Part.BROKER})),
    Subject("disks", disks.examine),
    Subject("credentials", credentials.examine),
    Subject("proxies", proxies.examine, frozenset({Part.TABLES})),
)


def examine() -> Iterator[Finding]:
    """Look at everything, and change nothing that stays."""
    there: set[Part] = set()
    yield from (one.of("database") for one in _reach_database(there))
    yield from (one.of("broker") for one in _reach_broker(there))
    seen = ask_workers() if Part.BROKER in there else Seen()
    for subject in SUBJECTS:
        if subject.needs <= there:
            yield from (one.of(subject.name) for one in _look(subject, seen))
    skipped = [subject.name for subject in SUBJECTS if not subject.needs <= there]
    if skipped:
        yield warning(
            f"not looked at, or only in part: {', '.join(dict.fromkeys(skipped))}",
            "nobody knows how these stand",
            "mend what is named first, and ask again",
        ).of("doctor")


def _reach_database(there: set[Part]) -> Iterator[Finding]:
    try:
        with looking():
            there.add(Part.DATABASE)
    except (DatabaseUnreachable, ServerFailed, SQLAlchemyError) as error:
        yield problem(
            str(error), "no job can be sent, and no result written", "start it, or correct the address"
        )
        return
    if all(has == needs for has, needs in revisions.current().values()):
        there.add(Part.TABLES)
    yield ok("the database answers")


def _reach_broker(there: set[Part]) -> Iterator[Finding]:
    try:
        check_answers()
    except (BrokerUnreachable, ServerFailed) as error:
        why = "jobs wait in the database, and nodes keep their reports, until it answers"
        yield problem(str(error), why, "start it, or correct the address")
        return
    there.add(Part.BROKER)
    yield ok("the broker answers")


def _look(subject: Subject, seen: Seen) -> Iterator[Finding]:
    try:
        yield from subject.examine(seen)
    except FAILURES as error:
        why = f"{type(error).__name__}: {str(error).strip().splitlines()[0]:.300}"
        yield warning(
            f"{subject.name} could not be looked at to the end: {why}",
            "nobody knows how it stands",
            "give the user of the settings the right to ask, or look by hand",
        )
