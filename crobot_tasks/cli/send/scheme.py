"""`crobot send scheme`: one scheme on assemblies that are there."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import sending
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.send import options, posting
from crobot_tasks.intake import scheme_calls


@click.command()
@click.argument("species")
@click.argument("description", metavar="SCHEME")
@click.argument("barcodes", metavar="BARCODE…", nargs=-1, required=True)
@options.request
@options.again
@options.follow
@json_option
def scheme(
    species: str,
    description: str,
    barcodes: tuple[str, ...],
    callback: str | None,
    follow: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """Call a scheme of the species on assemblies; one that has a current result is answered by it."""
    sending.ready()
    if follow and len(barcodes) > 1:
        raise click.UsageError("--follow is for one assembly; `crobot wait` waits for many jobs")
    with posting.job(callback, request["user_id"]) as order:
        jobs = scheme_calls.send_scheme(species, description, barcodes, **request)
        for job in jobs:
            order(job.number)
    if len(jobs) == 1:
        (job,) = jobs
        options.tell(job.number, joined=job.joined, cached=job.cached, follow=follow, as_json=as_json)
        return
    sent = [
        {
            "job": job.number,
            "assembly": job.assembly_barcode,
            "joined": job.joined,
            "cached": job.cached,
        }
        for job in jobs
    ]
    emit(as_json, sent, lambda out: _show(out, sent))


def _show(out: Console, sent: list[dict[str, Any]]) -> None:
    for one in sent:
        what = "is live already" if one["joined"] else "is sent"
        what = "has the result" if one["cached"] else what
        out.print(f"{one['assembly']}: job {one['job']} {what}")
