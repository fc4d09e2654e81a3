"""`crobot send`: new jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crobot_errors import BadInput
from crobot_tasks.celery import app
from crobot_tasks.cli import services
from crobot_tasks.cli.groups import Group
from crobot_tasks.cli.output import json_option
from crobot_tasks.cli.send import options
from crobot_tasks.cli.send.analysis import locus_search, ms_tree
from crobot_tasks.cli.send.scheme import scheme
from crobot_tasks.cli.send.snp_project import snp_project
from crobot_tasks.intake.reads import send_reads
from workers.assembling.assemblers import ASSEMBLERS, DEFAULT

_assembler = click.option(
    "--assembler", type=click.Choice(list(ASSEMBLERS)), default=DEFAULT, show_default=True
)


@click.group(cls=Group)
def send() -> None:
    """Send jobs."""


@send.command()
@click.argument("species")
@click.argument("read1", type=click.Path(path_type=Path))
@click.argument("read2", type=click.Path(path_type=Path))
@click.option("--strain", required=True, help="Name of the isolate.")
@_assembler
@options.again
@options.request
@options.follow
@json_option
def reads(species: str, read1: Path, read2: Path, follow: bool, as_json: bool, **request: Any) -> None:
    """Send paired FASTQ files of one isolate: they are assembled, judged, and typed by the schemes of the species."""
    # not resolved further: where links lead is checked where they are read
    files = [str(path.absolute()) for path in (read1, read2)]
    _send_reads(species, [files], follow, as_json, **request)


@send.command()
@click.argument("species")
@click.argument("accessions", metavar="ACCESSION…", nargs=-1, required=True)
@click.option("--strain", help="Name of the isolate.  [default: the first accession]")
@_assembler
@options.again
@options.request
@options.follow
@json_option
def accession(
    species: str, accessions: tuple[str, ...], strain: str | None, follow: bool, as_json: bool, **request: Any
) -> None:
    """Send runs of one isolate from the read archive; several are assembled together."""
    if not app.conf.crobot_archive_url:
        raise BadInput(
            "no read archive is configured: set CROBOT_ARCHIVE_URL, on the nodes too, or send files"
        )
    _send_reads(
        species, [[each] for each in accessions], follow, as_json, strain=strain or accessions[0], **request
    )


@send.command()
@click.option("--value", help="What the probe returns.")
@click.option("--sleep", "sleep_s", type=float, default=0.0, help="Seconds that it sleeps first.")
@click.option("--fail", help="How it fails: tool, node, memory, exit or crash.")
@click.option("--cores", type=int, help="Cores that it asks for.")
@click.option("--tag", default="probe", show_default=True, help="What it is for.")
@options.request
@options.follow
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
    options.tell(result.job_id, joined=False, follow=follow, as_json=as_json)


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
    job = send_reads(species, strain, read_sets, params=params, **request)
    assert job.job_id is not None
    options.tell(job.job_id, joined=job.joined, cached=job.cached, follow=follow, as_json=as_json)


for _command in (locus_search, ms_tree, scheme, snp_project):
    send.add_command(_command)
