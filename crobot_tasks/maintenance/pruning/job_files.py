"""Files of jobs that are not needed any more: attempts are gone through in the order of their ends, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.maintenance.pruning.needless import needless
from crobot_tasks.maintenance.pruning.removing import remove, remove_empty
from db.crobot import LIVE, pruning
from db.crobot.old_rows import Amount
from db.engine import transaction
from workers.storage import job_dir, output_dir


def prune_job_files(kind: str, days: int, *, dry: bool, logs: bool = False) -> Iterator[Amount]:
    """Remove outputs of attempts without a result, or also logs; yield how much went, slice by slice.

    How far it has come is noted after each slice, by its last end: who dies in one leaves it to the next. What live
    jobs read stays, whoever has written it.
    """
    with transaction() as session:
        after = pruning.done_to(session, kind)
        in_use = pruning.in_use(session).jobs
    while True:
        with transaction() as session:
            ended = pruning.ended(session, after, days)
            ids = sorted({row.job_id for row in ended} - in_use)
            jobs = pruning.jobs(session, ids, days, also_complete=logs)
        if not ended:
            return
        amount = sum((_prune(job, dry=dry, logs=logs) for job in jobs), Amount())
        before, after = after, ended[-1].ended_at
        if not dry and not _note(kind, before, after):
            return  # another head is at it
        yield amount


def _prune(job: Any, *, dry: bool, logs: bool) -> Amount:
    storage = storage_root()
    amount = sum((remove(path, dry=dry) for path in needless(job, storage, logs=logs)), Amount())
    if amount.number and not dry:
        for number in job.ended:
            remove_empty(output_dir(storage, job.id, number))
        if job.state not in LIVE:  # the next attempt of a live one may just be making its own folder there
            remove_empty(job_dir(storage, job.id))
    return amount


def _note(kind: str, before: Any, after: Any) -> bool:
    with transaction() as session:
        return pruning.move(session, kind, before, after)
