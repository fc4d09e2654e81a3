"""`crobot send reads` and `accession`: reads of an isolate, to be assembled and typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.cli import sending
from crobot_tasks.cli.output import json_option
from crobot_tasks.cli.send import options, posting
from crobot_tasks.intake.reads import send_reads
from workers.assembling.assemblers import ASSEMBLERS, DEFAULT

_assembler = click.option(
    "--assembler", type=click.Choice(list(ASSEMBLERS)), default=DEFAULT, show_default=True
)


@click.command()
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


@click.command()
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
    if not celeryconfig.crobot_archive_url:
        raise BadInput(
            "no read archive is configured: set CROBOT_ARCHIVE_URL, on the nodes too, or send files"
        )
    _send_reads(
        species, [[each] for each in accessions], follow, as_json, strain=strain or accessions[0], **request
    )


def _send_reads(
    species: str,
    read_sets: list[list[str]],
    follow: bool,
    as_json: bool,
    *,
    strain: str,
    assembler: str,
    callback: str | None,
    **request: Any,
) -> None:
    sending.ready()
    params = {} if assembler == DEFAULT else {"assembler": assembler}
    with posting.job(callback, request["user_id"]) as order:
        job = send_reads(species, strain, read_sets, params=params, **request)
        order(job.number)
    options.tell(job.number, joined=job.joined, cached=job.cached, follow=follow, as_json=as_json)
