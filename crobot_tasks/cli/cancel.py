"""`crobot cancel`: jobs that nobody wants any more."""

from __future__ import annotations

import click
from rich.console import Console

from crobot_tasks.cancel import cancel as cancel_job
from crobot_tasks.cli import services, waiting
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.values import JOB
from db.crobot import LIVE, JobState


@click.command()
@click.argument("job_ids", metavar="JOB…", nargs=-1, required=True, type=JOB)
@click.option("--reason", default="cancelled", show_default=True, help="Kept with the job.")
@click.option("--no-wait", is_flag=True, help="Do not wait until a running job has stopped.")
@click.option(
    "--timeout", "timeout_s", type=float, default=15.0, show_default=True, help="Seconds to wait for that."
)
@json_option
def cancel(job_ids: tuple[int, ...], reason: str, no_wait: bool, timeout_s: float, as_json: bool) -> None:
    """Cancel jobs, waiting or running; the tools of a running one end within seconds."""
    services.ready()
    before = waiting.states(job_ids)
    after = {job_id: cancel_job(job_id, reason) for job_id in job_ids}
    if not no_wait and any(state in LIVE for state in after.values()):
        after |= waiting.until_ended(job_ids, timeout_s)
    found = [{"job": job_id, "state": after[job_id], "was": before[job_id]} for job_id in job_ids]
    emit(as_json, found, lambda out: _show(out, before, after))


def _show(out: Console, before: dict[int, JobState], after: dict[int, JobState]) -> None:
    for job_id, state in after.items():
        if before[job_id] not in LIVE:
            out.print(f"job {job_id} was over before: {state}")
        elif state == JobState.CANCELLED:
            out.print(f"job {job_id} is cancelled")
        elif state in LIVE:
            out.print(f"job {job_id} is being stopped; `crobot wait {job_id}` tells when it is over")
        else:
            out.print(f"job {job_id} ended before it could be stopped: {state}")
