"""`crobot show`: everything that is known of a job."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.progress import in_words
from crobot_tasks.cli.show.follow import find
from crobot_tasks.cli.show.results import show_results
from crobot_tasks.cli.tables import facts, table
from crobot_tasks.cli.values import JOB
from crobot_tasks.maintenance.outdated import current_version, why_outdated
from crobot_tasks.operate import explain
from crobot_tasks.operate.amounts import duration, moment, size
from crobot_tasks.operate.consequences import consequences
from db.crobot import LIVE, JobState
from db.crobot import jobs as queries
from db.engine import transaction
from db.species import Scheme, outdated, overview, profiles

#: columns of the row that people and programs ask for
_FACTS = (
    "id state pipeline version type tag database batch user_id workgroup priority attempt node outcome"
    " message cores memory_bytes disk_bytes time_limit_s sent_at started_at finished_at available_at"
    " cancel_requested_at held_at hold_reason output_location args kwargs traceback"
).split()
_ATTEMPT = (
    "number node reason routed_at started_at ended_at outcome message memory_bytes cores reports_ignored usage"
).split()


@click.command()
@click.argument("job_id", metavar="JOB", type=JOB)
@wide_option
@json_option
def show(job_id: int, as_json: bool) -> None:
    """Show a job: where it stands and why, its attempts, what it used and found, its files, what followed from it."""
    services.ready_database()
    document = describe(job_id)
    emit(as_json, document, lambda out: _show(out, document))


def describe(job_id: int) -> dict[str, Any]:
    """Return what is known of a job.

    Raises:
        UnknownJob: no job has this number.
    """
    job = find(job_id)
    with transaction() as session:
        rows = queries.attempts(session, job_id)
        attempts = [{name: getattr(row, name) for name in _ATTEMPT} for row in rows]
    result = job.result if isinstance(job.result, dict) else {}
    ended = job.finished_at and job.started_at
    return {name: getattr(job, name) for name in _FACTS} | {
        "outdated": _outdated(job),
        "resent_from": job.context.get("resent_from"),
        "why": explain.why_waiting(job_id) if job.state in LIVE else "",
        "run_s": (job.finished_at - job.started_at).total_seconds() if ended else None,
        "attempts": attempts,
        "progress": _progress(rows),
        "result": job.result,
        "schemes": _lookups(job),
        "files": [_file(name, path) for name, path in (result.get("outputs") or {}).items()],
        "followers": [{name: getattr(row, name) for name in ("id", "pipeline", "type", "state", "tag", "node")}
                      for row in consequences(job).followers],
    }  # fmt: skip


def _progress(attempts: Sequence[Any]) -> dict[str, Any] | None:
    """What the body at work says of how far it is."""
    told = [one for one in attempts if one.progress_state is not None]
    return {"state": told[-1].progress_state, "meta": told[-1].progress} if told else None


def _lookups(job: Any) -> list[dict[str, Any]]:
    """What the job wrote for its assembly, as numbered by the head."""
    if job.database is None:
        return []
    with transaction(job.database) as session:
        return [
            {
                "scheme": scheme.description,
                "status": row.status,
                "st_barcode": row.st_barcode,
                "outdated": why_outdated(row, scheme),
                "results": _in_order(session, scheme, row.results),
            }
            for row, scheme in overview.lookups(session, job.id)
        ]


def _in_order(session: Any, scheme: Scheme, results: dict[str, Any]) -> dict[str, Any]:
    """Return results with the alleles in the scheme's order: the database keeps them by the lengths of their names."""
    alleles = results.get("alleles") or {}
    places = {locus: place for place, locus in enumerate(profiles.loci(session, scheme))} if alleles else {}
    in_order = sorted(alleles, key=lambda locus: places.get(locus, len(places)))
    return results | {"alleles": {locus: alleles[locus] for locus in in_order}} if alleles else results


def _outdated(job: Any) -> str:
    """Say so if the pipeline has another version now than when it made the result."""
    if job.state != JobState.COMPLETE:
        return ""
    return outdated.why(job.version, current_version(job.pipeline))


def _file(name: str, text: str) -> dict[str, Any]:
    path = Path(text)
    return {"name": name, "path": text, "bytes": path.stat().st_size if path.is_file() else None}


def _show(out: Console, job: dict[str, Any]) -> None:
    out.print(facts(_lines(job)))
    if job["attempts"]:
        out.print()
        out.print(table(_ATTEMPT_COLUMNS, [_attempt_line(one) for one in job["attempts"]]))
    show_results(out, job)
    if job["files"]:
        out.print()
        lines = [
            [one["name"], size(one["bytes"]) if one["bytes"] is not None else "gone", one["path"]]
            for one in job["files"]
        ]
        out.print(table(_FILE_COLUMNS, lines))
    if job["followers"]:
        out.print()
        lines = [
            [one["id"], one["state"], one["type"] or one["pipeline"], one["tag"], one["node"]]
            for one in job["followers"]
        ]
        out.print(table(_FOLLOWER_COLUMNS, lines))


_ATTEMPT_COLUMNS = (
    Column("Attempt", Kind.ID),
    Column("Node", Kind.NAME, importance=7),
    Column("Began", importance=6),
    Column("Ran", Kind.NUMBER, importance=6),
    Column("CPU", Kind.NUMBER, importance=3),
    Column("Peak memory", Kind.NUMBER, importance=4),
    Column("Outcome", importance=8),
    Column("Late reports", Kind.NUMBER, importance=2),
    Column("Message", Kind.TEXT),
)
_FILE_COLUMNS = (Column("File"), Column("Size", Kind.NUMBER), Column("Path", Kind.PATH))
_FOLLOWER_COLUMNS = (
    Column("Then job", Kind.ID),
    Column("State"),
    Column("What"),
    Column("Tag", Kind.NAME, importance=3, least=15),
    Column("Node", Kind.NAME, importance=4),
)


def _lines(job: dict[str, Any]) -> dict[str, Any]:
    asked = [
        f"{job['cores']} core" + ("" if job["cores"] == 1 else "s"),
        f"{size(job['memory_bytes'])} memory",
        f"{size(job['disk_bytes'])} disk",
        f"{duration(job['time_limit_s'])} at most",
    ]
    return {
        "Job": f"{job['id']}  {job['pipeline']} {job['version']}",
        "Outdated": job["outdated"],
        "State": job["state"] + (f" ({job['outcome']})" if job["outcome"] not in (None, "ok") else ""),
        "Why": job["why"],
        "Progress": in_words(job["progress"]),
        "Message": job["message"],
        "Way out": _way_out(job) if job["state"] == JobState.FAILED else "",
        "Type": job["type"],
        "Tag": job["tag"],
        "Species": job["database"],
        "Batch": job["batch"],
        "User": str(job["user_id"]),
        "Workgroup": job["workgroup"],
        "Priority": str(job["priority"]),
        "Held": f"since {moment(job['held_at'])}: {job['hold_reason']}" if job["held_at"] else "",
        "Sent": job["sent_at"],
        "Sent before": f"as job {job['resent_from']}" if job["resent_from"] else "",
        "Began": job["started_at"],
        "Ended": job["finished_at"],
        "Ran": duration(job["run_s"]),
        "Asks for": asked,
        "Output": job["output_location"] and Path(job["output_location"]),
    }


def _way_out(job: dict[str, Any]) -> str:
    number = job["id"]
    return f"`crobot log {number}` has what the tools said; when the cause is gone, `crobot resend {number}`"


def _attempt_line(one: dict[str, Any]) -> list[Any]:
    began, ended, usage = one["started_at"], one["ended_at"], one["usage"] or {}
    ran = (ended - began).total_seconds() if began and ended else None
    message = one["message"] or one["reason"]
    return [one["number"], one["node"], began, duration(ran), duration(usage.get("cpu_s")),
            size(usage.get("peak_memory_bytes")), one["outcome"], one["reports_ignored"] or "", message]  # fmt: skip
