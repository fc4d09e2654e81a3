"""No statement of `db` becomes slow because there were many jobs before: what it reads hardly grows with the tables.

Each function that takes a session is called with representative values, see `calls`; a new one without any is named
here, and so is a statement that reads a large table from end to end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from unittest.mock import patch

import pytest
from sqlalchemy import TextClause, make_url, text
from sqlalchemy.orm import Session

from crobot_tasks import embedded
from db import engine, migrate, registry
from db.crobot import counting, looking_back, partitions
from db.handle import dbhandle
from db.migrations.revision import scratch_database
from db.prepared import Prepared
from tests.integration.conftest import GENERA
from tests.integration.db.large_tables import calls
from tests.integration.db.large_tables.fill import SPECIES, fill
from tests.integration.db.large_tables.old_statistics import believe_that_most_jobs_wait
from tests.integration.db.large_tables.plans import Plans

SMALL = 10_000
SPAN = partitions.SPAN
#: blocks of 8 kB that any statement may read beyond twice what it reads in small tables: indexes become deeper, rows
#: lie in more blocks, and up to 50,000 entries of an index are counted
ALLOWED = 700
#: with old statistics a page may read so many times more
MISLED = 3.0
#: call → why it may read all that there is
WHOLE = {
    "db.crobot.looking_back.listing ranges": "a page gives it up after a while, and says so",
    "db.crobot.batch_counts.miscounted": "a recount looks at every item",
    "db.species.lookups.under_way": "a recount looks at every row",
    "db.crobot.deliveries.resend_given_up": "an operator sends again what was given up within a month",
    "db.crobot.webhooks.switch_on": "an operator switches an address on",
    "db.crobot.webhooks.switch_off": "all that waits for an address is held, once",
    **{
        f"db.crobot.old_rows.count {kind}": "a person asks how much is old"
        for kind in "answers messages chords revoked deliveries webhooks changes nodes".split()
    },
    "db.system.uploads.count_old": "a person asks how much is old",
    "db.crobot.past.count": "a person asks how much is old",
    "db.crobot.partitions.old": "what is about to be dropped is looked at once more, whole",
    "db.crobot.pruning.in_use": "a prune looks at all live jobs, once in half a minute",
    "db.crobot.revoking.missed": "it looks up each id that was revoked within the hour, by one index or the other",
    "db.crobot.batch_items.failed": "a person sends again what failed of one batch",
    "db.nomenclature.exporting.export": "a release is all alleles of a scheme, and is rare",
    "db.nomenclature.exporting.has_unpublished": "it is a part of a release",
    "db.nomenclature.exporting.publish": "it makes a release",
    "db.nomenclature.exporting.release": "it makes a release",
    "db.nomenclature.importing.import_scheme": "an import compares all alleles of a scheme, and is rare",
    "db.species.candidates.assemblies": "a pass through all assemblies, once for each update of a scheme",
    "db.species.candidates.strains outdated": "a pass through all strains, if the policy wants new assemblies",
    "db.species.new_reads.attribute_names": "asked for once, for a table with a column that few have",
    "db.species.outdated.outdated none": "the results of one scheme, once for each update of it",
    "db.species.selection.assemblies_without_result": "a person asks for what a scheme lacks",
    "db.species.selection.strains_failed": "a person asks for all that failed",
    "db.species.selection.strains_outdated": "a person asks for all that is outdated",
    "db.species.overview.schemes": "it counts alleles, for a curator",
}
FULL = [pytest.mark.full, pytest.mark.timeout(1800)]
#: statements that are slow on purpose, and one that is not
PLANTED = {
    "slow": text("SELECT FROM crobot.jobs WHERE message = 'nobody says this'"),
    "slow_prepared": Prepared("SELECT FROM crobot.jobs WHERE message = 'nobody says this, either'"),
    "slow_too": text(
        " UNION ALL ".join(
            f"SELECT count({column}) FROM crobot.all_jobs WHERE id > 0 AND state = 'COMPLETE'"
            for column in ("workgroup", "user_id", "pipeline", "node")
        )
    ),
    # of a thousand jobs one looks at all
    "square": text(
        "SELECT count(message) FROM (SELECT id FROM crobot.jobs WHERE id % 1000 = 0) AS one "
        "CROSS JOIN LATERAL (SELECT message FROM crobot.jobs WHERE id % 1000 = one.id / 1000 OFFSET 0) AS other"
    ),
    "fast": text("SELECT FROM crobot.jobs WHERE id = 7"),
}
#: statements that no call reaches
UNREACHED = {
    "db.crobot.parking._DROP": "needs a second transaction at the right moment; it deletes by its key"
}


@contextmanager
def filled(servers: embedded.Servers, jobs: int) -> Iterator[None]:
    """A database of its own with so many jobs, to which `db` is connected."""
    with scratch_database(make_url(servers.database_url)) as empty:
        url = empty.url.render_as_string(hide_password=False)
        former = engine.configure(lambda: url)
        try:
            partitions.SPAN = jobs // 8
            migrate.upgrade()
            registry.add_species(SPECIES, "Salmonella enterica", "Salmonella", "SAL", [], GENERA)
            fill(jobs)
            yield
        finally:
            partitions.SPAN = SPAN
            dbhandle.remove()
            engine.engine().dispose()
            if former is not None:
                engine.configure(former)


@contextmanager
def without_haste() -> Iterator[None]:
    """What is given up after a while on a page is read to its end."""
    with patch.object(counting, "SECONDS", 60.0), patch.object(looking_back, "SECONDS", 60.0):
        yield


@dataclass
class Measured:
    """What was read in tables of one size."""

    jobs: int
    of_calls: Plans = field(default_factory=Plans)
    #: the same, while PostgreSQL believes that most jobs wait
    of_misled: Plans = field(default_factory=Plans)
    planted: Plans = field(default_factory=Plans)


def execute(statement: TextClause | Prepared, session: Session) -> object:
    """Execute it, and read what it gives."""
    return statement.rows(session) if isinstance(statement, Prepared) else session.execute(statement).all()


def run(plans: Plans, jobs: int) -> None:
    """Call everything, in tables of so many jobs."""
    for name, call in calls.calls(jobs).items():
        plans.run(name, call)


def measured(servers: embedded.Servers, jobs: int) -> Measured:
    """What all calls read in tables of so many jobs."""
    found = Measured(jobs)
    with filled(servers, jobs), without_haste():
        run(found.of_calls, jobs)
        for name, statement in PLANTED.items():
            found.planted.run(name, partial(execute, statement))
        if jobs > SMALL:
            believe_that_most_jobs_wait()
            run(found.of_misled, jobs)
    return found


@pytest.fixture(scope="module")
def small(servers: embedded.Servers) -> Measured:
    return measured(servers, SMALL)


@pytest.fixture(scope="module", params=[100_000, pytest.param(1_000_000, marks=FULL)])
def large(request: pytest.FixtureRequest, servers: embedded.Servers) -> Measured:
    return measured(servers, request.param)


def scanning(plans: Plans) -> list[str]:
    """The statements that read a large table from end to end."""
    return [
        f"{call} reads all of {', '.join(reading.scans)}: {statement:.300}"
        for (call, statement), reading in plans.readings.items()
        if reading.scans and call not in WHOLE
    ]


def growing(small: Plans, large: Plans, times: float = 1.0) -> dict[str, str]:
    """Call → the statement that reads so many times more in the larger tables."""
    return {
        call: f"{call} reads {before} → {reading.buffers} blocks, {reading.ms:.0f} ms: {statement:.300}"
        for (call, statement), reading in large.readings.items()
        if reading.buffers > 2 * times * (before := small.buffers(call, statement)) + ALLOWED
    }


def linear(small: Measured, large: Measured) -> float:
    """How much more what looks at every row may read: each step through a deeper index costs more, too."""
    return 2 * large.jobs / small.jobs


def test_each_function_that_takes_a_session_is_called_with_representative_values() -> None:
    called = {name.split()[0] for name in calls.calls(SMALL)}
    assert calls.functions() - called == set(), "these have no representative values in any …_calls.py"
    assert called - calls.functions() == set(), "there are no such functions"


def test_each_statement_is_reached_by_a_call(small: Measured) -> None:
    executed = small.of_calls.executed
    missed = {name for name, statement in calls.statements().items() if statement not in executed}
    assert missed == UNREACHED.keys(), "no call executes these"


def test_what_is_prepared_reads_no_past_jobs() -> None:
    # its plan for any values would contain every partition, in every connection
    past = re.compile(r"crobot\.(all_|\w+_past)")
    assert [name for name, statement in calls.prepared().items() if past.search(statement)] == []


def test_no_statement_reads_a_large_table_from_end_to_end(large: Measured) -> None:
    found = scanning(large.of_calls)
    assert not found, "\n".join(found)


def test_what_a_statement_reads_hardly_grows_with_the_tables(small: Measured, large: Measured) -> None:
    grown = growing(small.of_calls, large.of_calls)
    found = [said for call, said in grown.items() if call not in WHOLE]
    assert not found, "\n".join(found)


def test_what_reads_all_that_there_is_reads_it_once(small: Measured, large: Measured) -> None:
    found = growing(small.of_calls, large.of_calls, linear(small, large))
    assert not found, "\n".join(found.values())


def test_no_statement_is_misled_by_statistics_from_when_most_jobs_waited(
    small: Measured, large: Measured
) -> None:
    grown = growing(small.of_calls, large.of_misled, MISLED)
    found = scanning(large.of_misled) + [said for call, said in grown.items() if call not in WHOLE]
    assert not found, "\n".join(found)


def test_a_slow_statement_is_found_and_named(small: Measured, large: Measured) -> None:
    assert [text.split()[0] for text in scanning(large.planted)] == ["slow", "slow_prepared", "square"]
    assert list(growing(small.planted, large.planted)) == ["slow", "slow_prepared", "slow_too", "square"]
    assert list(growing(small.planted, large.planted, linear(small, large))) == ["square"]
