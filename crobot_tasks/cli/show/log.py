"""`crobot log`: what an attempt's tools said."""

from __future__ import annotations

import click

from crobot_errors import BadInput
from crobot_tasks.cli import services
from crobot_tasks.cli.output import emit, json_option, print_text
from crobot_tasks.cli.show.follow import find, follow_to_end
from crobot_tasks.cli.values import JOB
from crobot_tasks.operate import logs


@click.command()
@click.argument("job_id", metavar="JOB", type=JOB)
@click.option("--follow", "-f", is_flag=True, help="Go on until the job is over, across attempts.")
@click.option("--attempt", type=click.IntRange(min=1), help="Of this attempt.  [default: the last]")
@json_option
def log(job_id: int, follow: bool, attempt: int | None, as_json: bool) -> None:
    """Print a job's log."""
    if follow and (as_json or attempt):
        raise click.UsageError("--follow goes with neither --json nor --attempt")
    services.ready_database()
    if follow:
        follow_to_end(job_id)
        return
    job = find(job_id)
    number = attempt or job.attempt
    path = logs.path_of(job_id, number)
    if number > job.attempt or not path.exists():
        raise BadInput(logs.why_none(job, attempt))
    text = path.read_text(errors="replace")
    document = {"job": job_id, "attempt": number, "path": str(path), "text": text}
    emit(as_json, document, lambda out: print_text(text))
