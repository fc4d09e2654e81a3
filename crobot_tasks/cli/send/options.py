"""What every `crobot send …` asks for, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from rich.console import Console

from crobot_tasks.cli.output import emit
from crobot_tasks.cli.send import posting
from crobot_tasks.cli.show.follow import follow_to_end
from crobot_tasks.operate import explain
from db.crobot import JobState, overview
from db.engine import transaction
from workers.trees.names import Names

Asking = TypeVar("Asking", bound=Callable[..., Any])

priority = click.option(
    "--priority", type=click.IntRange(0, 9), default=5, show_default=True, help="0 is the most urgent."
)
user = click.option(
    "--user", "user_id", type=click.IntRange(0, 2**31 - 1), default=0, help="Number of the user who sends it."
)
workgroup = click.option("--workgroup", default="", help="The workgroup whose share of the nodes it uses.")
batch = click.option(
    "--batch", default="", help="Any name for many jobs that are watched and steered as one."
)
again = click.option(
    "--again", is_flag=True, help="Compute it again even if the same input was computed before."
)
follow = click.option(
    "--follow", is_flag=True, help="Show its log until it is over; exit code 1 unless it is COMPLETE."
)
names = click.option(
    "--names", type=click.Choice([one.value for one in Names]), default=Names.STRAIN.value, show_default=True,
    help="What genomes are called in files.",
)  # fmt: skip


def request(command: Asking) -> Asking:
    """Ask for what every job is sent with."""
    for option in (posting.callback, batch, workgroup, user, priority):
        command = option(command)
    return command


def tell(
    job_id: int, *, joined: bool, follow: bool, as_json: bool, cached: bool = False, **more: Any
) -> None:
    """Say what became of a send, with ``more`` that programs want to know, and follow the job if asked for."""
    with transaction() as session:
        sends = overview.times_sent(session, job_id)
    document = {
        "job": job_id,
        "joined": joined,
        "cached": cached,
        "times_sent": sends,
        "why_waiting": explain.why_waiting(job_id),
    } | more
    if as_json and follow:
        document |= {"state": follow_to_end(job_id, quiet=True)}
    emit(as_json, document, lambda out: _show(out, document))
    if follow:
        state = document.get("state") or follow_to_end(job_id)
        click.get_current_context().exit(0 if state == JobState.COMPLETE else 1)


def _show(out: Console, sent: dict[str, Any]) -> None:
    job = f"job {sent['job']}" + (f" for analysis {sent['analysis']}" if "analysis" in sent else "")
    if sent["cached"]:
        text = (
            f"{job} has the result of the same input, version and parameters; nothing new was sent "
            "(--again computes it again)"
        )
    elif sent["joined"]:
        text = f"{job}, for the same, is live already; nothing new was sent ({sent['why_waiting']})"
    else:
        text = f"{job} is sent ({sent['why_waiting']})"
    out.print(text)
    if "analysis" in sent:
        out.print(f"`crobot analysis show {sent['analysis']}` shows what it finds")
