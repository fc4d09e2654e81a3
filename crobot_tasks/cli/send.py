"""`crobot send`: new jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from crobot_errors import BadInput
from crobot_tasks import explain, sending
from crobot_tasks.celery import app
from crobot_tasks.cli import services
from crobot_tasks.cli.follow import follow_to_end
from crobot_tasks.cli.output import emit, json_option
from db import overview
from db.crobot import JobState
from db.engine import transaction
from workers.assemblers import ASSEMBLERS, DEFAULT

_priority = click.option(
    "--priority", type=click.IntRange(0, 9), default=5, show_default=True, help="0 is the most urgent."
)
_user = click.option(
    "--user", "user_id", type=click.IntRange(0, 2**31 - 1), default=0, help="Number of the user who sends it."
)
_workgroup = click.option("--workgroup", default="", help="The workgroup whose share of the nodes it uses.")
_batch = click.option(
    "--batch", default="", help="Any name for many jobs that are watched and steered as one."
)
_follow = click.option(
    "--follow", is_flag=True, help="Show its log until it is over; exit code 1 unless it is COMPLETE."
)
_assembler = click.option(
    "--assembler", type=click.Choice(list(ASSEMBLERS)), default=DEFAULT, show_default=True
)


@click.group()
def send() -> None:
    """Send jobs."""


@send.command()
@click.argument("species")
@click.argument("read1", type=click.Path(path_type=Path))
@click.argument("read2", type=click.Path(path_type=Path))
@click.option("--strain", required=True, help="Name of the isolate.")
@_assembler
@_priority
@_user
@_workgroup
@_batch
@_follow
@json_option
def reads(species: str, read1: Path, read2: Path, follow: bool, as_json: bool, **asked: Any) -> None:
    """Send paired FASTQ files of one isolate: they are assembled, judged, and typed by the schemes of the species."""
    # not resolved further: where links lead is checked where they are read
    files = [str(path.absolute()) for path in (read1, read2)]
    _send_reads(species, [files], follow, as_json, **asked)


@send.command()
@click.argument("species")
@click.argument("accessions", metavar="ACCESSION…", nargs=-1, required=True)
@click.option("--strain", help="Name of the isolate.  [default: the first accession]")
@_assembler
@_priority
@_user
@_workgroup
@_batch
@_follow
@json_option
def accession(
    species: str, accessions: tuple[str, ...], strain: str | None, follow: bool, as_json: bool, **asked: Any
) -> None:
    """Send runs of one isolate from the read archive; several are assembled together."""
    if not app.conf.crobot_archive_url:
        raise BadInput(
            "no read archive is configured: set CROBOT_ARCHIVE_URL, on the nodes too, or send files"
        )
    _send_reads(
        species, [[each] for each in accessions], follow, as_json, strain=strain or accessions[0], **asked
    )


@send.command()
@click.option("--value", help="What the probe returns.")
@click.option("--sleep", "sleep_s", type=float, default=0.0, help="Seconds that it sleeps first.")
@click.option("--fail", help="How it fails: tool, node, memory, exit or crash.")
@click.option("--cores", type=int, help="Cores that it asks for.")
@click.option("--tag", default="probe", show_default=True, help="What it is for.")
@_priority
@_user
@_workgroup
@_batch
@_follow
@json_option
def probe(
    priority: int,
    user_id: int,
    workgroup: str,
    batch: str,
    tag: str,
    follow: bool,
    as_json: bool,
    **params: Any,
) -> None:
    """Send a job that does nothing, to see whether everything works."""
    services.ready()
    given = {name: value for name, value in params.items() if value}
    result = app.tasks["probe"].apply_async(
        kwargs={"params": given},
        priority=priority,
        job={"tag": tag, "user_id": user_id, "workgroup": workgroup, "batch": batch},
        ignore_result=True,
    )
    _tell(result.job_id, existed=False, follow=follow, as_json=as_json)


def _send_reads(
    species: str,
    read_sets: list[list[str]],
    follow: bool,
    as_json: bool,
    *,
    strain: str,
    assembler: str,
    **request: Any,
) -> None:
    services.ready()
    params = {} if assembler == DEFAULT else {"assembler": assembler}
    job = sending.send_reads(species, strain, read_sets, params=params, **request)
    assert job.job_id is not None
    _tell(job.job_id, existed=job.existed, follow=follow, as_json=as_json)


def _tell(job_id: int, *, existed: bool, follow: bool, as_json: bool) -> None:
    with transaction() as session:
        sends = overview.times_sent(session, job_id)
    document = {
        "job": job_id,
        "sent_before": existed,
        "times_sent": sends,
        "why_waiting": explain.why_waiting(job_id),
    }
    if as_json and follow:
        document |= {"state": follow_to_end(job_id, quiet=True)}
    emit(as_json, document, lambda out: _show(out, document))
    if follow:
        state = document.get("state") or follow_to_end(job_id)
        click.get_current_context().exit(0 if state == JobState.COMPLETE else 1)


def _show(out: Console, sent: dict[str, Any]) -> None:
    if sent["sent_before"]:
        out.print(
            f"job {sent['job']} for the same is live already; nothing new was sent ({sent['why_waiting']})",
            markup=False,
        )
    else:
        out.print(f"job {sent['job']} is sent ({sent['why_waiting']})", markup=False)
