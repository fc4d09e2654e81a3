"""`crobot send scheme`: one scheme on assemblies that are there."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks import called
from crobot_tasks.cli import asked, services
from crobot_tasks.cli.output import emit, json_option


@click.command()
@click.argument("species")
@click.argument("description", metavar="SCHEME")
@click.argument("barcodes", metavar="BARCODE…", nargs=-1, required=True)
@asked.request
@asked.again
@asked.follow
@json_option
def scheme(
    species: str, description: str, barcodes: tuple[str, ...], follow: bool, as_json: bool, **request: Any
) -> None:
    """Call a scheme of the species on assemblies; one that has a current result is answered by it."""
    services.ready()
    if follow and len(barcodes) > 1:
        raise click.UsageError("--follow is for one assembly; `crobot wait` waits for many jobs")
    jobs = called.send_scheme(species, description, barcodes, **request)
    if len(jobs) == 1:
        (job,) = jobs
        asked.tell(job.number, existed=job.existed, answered=job.answered, follow=follow, as_json=as_json)
        return
    sent = [
        {
            "job": job.number,
            "assembly": job.assembly_barcode,
            "sent_before": job.existed,
            "answered": job.answered,
        }
        for job in jobs
    ]
    emit(as_json, sent, lambda out: _show(out, sent))


def _show(out: Console, sent: list[dict[str, Any]]) -> None:
    for one in sent:
        what = "is live already" if one["sent_before"] else "is sent"
        what = "has the result" if one["answered"] else what
        out.print(f"{one['assembly']}: job {one['job']} {what}", markup=False)
