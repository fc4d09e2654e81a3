"""Jobs that ended long ago, each with the files that its attempts have left on the storage."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import text

from crobot_tasks.broker.folders import storage_root
from db.engine import transaction
from workers.storage import job_dir, output_dir

LIVE = ("WAITING", "ROUTED", "RUNNING")
#: of each file
BYTES = 1000

_JOB = text("""
    INSERT INTO crobot.jobs (pipeline, type, database, cache_key, args, kwargs, request, context, cores, memory_bytes,
        disk_bytes, time_limit_s, expected_s, state, attempt, finished_at)
    VALUES (:pipeline, :type, :database, :cache_key, '[]', CAST(:kwargs AS json), '{}', CAST(:context AS json),
        1, 1, 1, 1, 1, :state, :attempt, now() - make_interval(days => :days))
    RETURNING id""")
_ATTEMPT = text("""
    INSERT INTO crobot.attempts (job_id, number, node, cores, memory_bytes, ended_at)
    VALUES (:job_id, :number, 'calc01', 1, 1, now() - make_interval(days => :days))""")
_RESULT = text("UPDATE crobot.jobs SET result = CAST(:result AS json) WHERE id = :id")


def add_job(
    state: str,
    *days: int | None,
    named: Sequence[str] = (),
    kwargs: Mapping[str, Any] | None = None,
    **columns: Any,
) -> int:
    """Add a job whose attempts ended so many days ago (None: not yet), and whose result names these of its files."""
    values = {"pipeline": "probe", "type": "", "database": None, "cache_key": None, "context": "{}"} | columns
    with transaction() as session:
        job_id: int = session.execute(
            _JOB,
            values
            | {
                "kwargs": json.dumps(kwargs or {}),
                "state": state,
                "attempt": len(days),
                "days": None if state in LIVE else days[-1],
            },
        ).scalar_one()
        for number, ago in enumerate(days, 1):
            session.execute(_ATTEMPT, {"job_id": job_id, "number": number, "days": ago})
            write(job_id, number)
        outputs = {name: str(job_dir(storage_root(), job_id) / name) for name in named}
        session.execute(_RESULT, {"id": job_id, "result": json.dumps({"outputs": outputs})})
    return job_id


def write(job_id: int, number: int) -> None:
    """Write what an attempt leaves: a log, a file, and a folder with another."""
    folder = output_dir(storage_root(), job_id, number)
    (folder / "parts").mkdir(parents=True)
    for name in ("log.txt", "assembly.fasta", "parts/one"):
        (folder / name).write_bytes(b"x" * BYTES)


def files(job_id: int) -> list[str]:
    """What of a job's files is there, by the paths in its folder."""
    folder = job_dir(storage_root(), job_id)
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def all_of(*numbers: int) -> list[str]:
    """The files that these attempts have left."""
    return sorted(f"{n}/{name}" for n in numbers for name in ("assembly.fasta", "log.txt", "parts/one"))


def path(job_id: int, name: str) -> Path:
    """Where a file of a job lies."""
    return job_dir(storage_root(), job_id) / name
