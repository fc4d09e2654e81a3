"""Recount: whether everything that is counted or noted of jobs agrees with the jobs; while everything runs.

What is compared is read in one statement, and so at one moment: no job that ends meanwhile looks like a difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.jobs.analysis import analysis_types
from crobot_tasks.jobs.base import CRobotJob
from crobot_tasks.lifecycle.job_types import job_class
from db import recounting
from db.crobot import batch_counts, batches
from db.engine import retrying, transaction
from db.known_species import list_species
from db.species import LookupStatus, lookups
from db.species.lookups import Key
from db.system import preferences

#: rows that one statement compares
SLICE = 20_000
#: a result that is not settled so long after its job ended is a difference, in seconds
SETTLED_S = 600.0


@dataclass(frozen=True)
class Difference:
    """One row that does not agree with the jobs."""

    #: user_jobs, assembly_lookup, user_preferences, batches or settlements
    table: str
    which: str
    has: str
    should: str
    #: whether it has been put right
    repaired: bool = False


def recount(*, repair: bool = False) -> Iterator[Difference]:
    """Yield what differs; with ``repair`` each is put right where the jobs say how."""
    yield from _log(repair)
    with transaction() as session:
        species = [one.name for one in list_species(session)]
    for database in species:
        yield from _lookups(database, repair)
    yield from _analyses(repair)
    yield from _batches(repair)
    yield from _settlements()


def _log(repair: bool) -> Iterator[Difference]:
    with transaction() as session:
        last = recounting.last_job(session)
    for after in range(0, last, SLICE):
        with transaction() as session:
            rows = recounting.log(session, after, after + SLICE)
        for row in rows:
            if repair:
                retrying(partial(_mend_log, row.id))
            yield Difference("user_jobs", f"job {row.id}", row.has or "no line", row.should, repair)


def _mend_log(job_id: int) -> None:
    with transaction() as session:
        recounting.mend_log(session, job_id)


def _lookups(database: str, repair: bool) -> Iterator[Difference]:
    with transaction(database) as session:
        recounting.at_one_moment(session)
        live, noted = _live(session, database), lookups.under_way(session)
    for key in sorted(live.keys() | noted.keys()):
        count, status = noted.get(key, (0, ""))
        if count == live[key] and (status == LookupStatus.QUEUED) == bool(live[key]):
            continue
        if repair:
            retrying(partial(_mend_lookup, database, key))
        has = f"{count} live, {status or 'not queued'}"
        yield Difference("assembly_lookup", f"{database} {_in_words(key)}", has, f"{live[key]} live", repair)


def _live(session: Any, database: str) -> Counter[Key]:
    """How many live jobs each row of assembly_lookup should count."""
    jobs = (job_class(row.type, row.pipeline).from_row(row) for row in recounting.live(session, database))
    return Counter(key for job in jobs for key in cast(CRobotJob, job).lookup_keys)


def _mend_lookup(database: str, key: Key) -> None:
    """Count again while nobody else can change the row: whoever sends or ends a job writes it in one transaction."""
    with transaction(database) as session:
        lookups.lock_each(session, [key])
        lookups.recounted(session, key, _live(session, database)[key])


def _in_words(key: Key) -> str:
    of_reference = f", reference {key.reference}" if key.reference else ""
    return f"assembly {key.assembly_id}, scheme {key.scheme_id}{of_reference}"


def _analyses(repair: bool) -> Iterator[Difference]:
    with transaction() as session:
        last = recounting.last_analysis(session)
    for after in range(0, last, SLICE):
        with transaction() as session:
            rows = recounting.analyses(session, analysis_types(), after, after + SLICE)
        for row in rows:
            # what a job has found cannot be found out here: it has to be sent again
            possible = repair and row.should == "failed"
            if possible:
                retrying(partial(_mend_analysis, row))
            yield Difference("user_preferences", f"analysis {row.id}", row.has, row.should, possible)


def _mend_analysis(row: Any) -> None:
    with transaction() as session:
        preferences.failed(session, row.id, row.job_id, row.message or row.state)


def _batches(repair: bool) -> Iterator[Difference]:
    with transaction() as session:
        listed = batches.listed(session, limit=1_000_000, over=True)
    for batch in listed:
        with transaction() as session:
            miscounted = batch_counts.miscounted(session, batch.id)
        if miscounted and repair:
            retrying(partial(_mend_batch, batch, miscounted))
        for number in miscounted:
            yield Difference(
                "batches", f"{batch.name}, slice {number}", "another count", "that of its items", repair
            )


def _mend_batch(batch: Any, miscounted: Any) -> None:
    """Have the slices counted again by a head."""
    with transaction() as session:
        batches.lock(session, batch.name)
        batch_counts.reopen_slices(session, batch.id, miscounted)


def _settlements() -> Iterator[Difference]:
    """Heads settle them; nothing else may."""
    with transaction() as session:
        rows = recounting.overdue(session, SETTLED_S)
    for row in rows:
        yield Difference("settlements", f"result {row.task_id} of job {row.job_id}", "not settled", "settled")
