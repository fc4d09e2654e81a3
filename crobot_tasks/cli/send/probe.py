"""`crobot send probe`: a job that does nothing."""

from __future__ import annotations

from typing import Any

import click

from crobot_tasks.celery import app
from crobot_tasks.cli import sending
from crobot_tasks.cli.output import json_option
from crobot_tasks.cli.send import options, posting


@click.command()
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
    callback: str | None,
    tag: str,
    follow: bool,
    as_json: bool,
    **params: Any,
) -> None:
    """Send a job that does nothing, to see whether everything works."""
    sending.ready()
    given = {name: value for name, value in params.items() if value}
    details = {"tag": tag, "user_id": user_id, "workgroup": workgroup, "batch": batch}
    with posting.job(callback, user_id) as order:
        result = app.tasks["probe"].apply_async(
            kwargs={"params": given}, priority=priority, job=details, ignore_result=True
        )
        order(result.job_id)
    options.tell(result.job_id, joined=False, follow=follow, as_json=as_json)
