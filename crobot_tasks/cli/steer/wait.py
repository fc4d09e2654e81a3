"""`crobot wait`: until jobs are over."""

from __future__ import annotations

from collections import Counter

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from crobot_tasks.cli import services
from crobot_tasks.cli.output import console, emit, json_option, say
from crobot_tasks.cli.progress import part_done
from crobot_tasks.cli.steer import until_over
from crobot_tasks.cli.values import JOB
from db.crobot import LIVE, JobState
from db.crobot.progress import of_jobs
from db.engine import transaction


@click.command()
@click.argument("job_ids", metavar="JOB…", nargs=-1, required=True, type=JOB)
@click.option(
    "--followers", is_flag=True, help="And for the jobs that follow from these, as typing from an assembly."
)
@click.option("--timeout", "timeout_s", type=float, help="Give up after so many seconds.")
@json_option
def wait(job_ids: tuple[int, ...], followers: bool, timeout_s: float | None, as_json: bool) -> None:
    """Wait until jobs are over. The exit code is 0 if all are COMPLETE, else 1."""
    services.ready_database()
    out = console(to_stderr=True)
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=out, transient=True, disable=as_json or not out.is_terminal) as progress:
        bar = progress.add_task("waiting")

        def tell(found: dict[int, JobState]) -> None:
            over = sum(state not in LIVE for state in found.values())
            done = over + _under_way(found)
            progress.update(bar, description=in_words(found), total=len(found), completed=done)

        found = until_over.until_ended(job_ids, timeout_s, followers=followers, tell=tell)
    live = [job_id for job_id, state in found.items() if state in LIVE]
    emit(
        as_json,
        [{"job": job_id, "state": state} for job_id, state in found.items()],
        lambda out: _show(out, found),
    )
    if live and not as_json:
        say(f"crobot: not over after {timeout_s:g} s: job {', '.join(map(str, live))}")
    click.get_current_context().exit(0 if all(state == JobState.COMPLETE for state in found.values()) else 1)


def _under_way(found: dict[int, JobState]) -> float:
    """Return what has been done of those that are at work, as their bodies say, in jobs."""
    running = [job_id for job_id, state in found.items() if state == JobState.RUNNING]
    with transaction() as session:
        told = of_jobs(session, running) if running else {}
    return sum(part_done(meta) or 0.0 for meta in told.values())


def in_words(found: dict[int, JobState]) -> str:
    """Return the states and how many have each: 3 COMPLETE, 1 RUNNING."""
    return ", ".join(f"{number:,} {state}" for state, number in Counter(found.values()).most_common())


def _show(out: Console, found: dict[int, JobState]) -> None:
    for job_id, state in found.items():
        out.print(f"job {job_id}: {state}")
