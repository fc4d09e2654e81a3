"""`crobot resend`: jobs that are over, once more."""

from __future__ import annotations

from collections import Counter
from functools import wraps
from typing import Any

import click
from rich.console import Console

from crobot_errors import CRobotError
from crobot_tasks.cli import storage
from crobot_tasks.cli.output import emit
from crobot_tasks.cli.steer.changes import Ask, changes_many, document, nothing
from crobot_tasks.cli.steer.selection import Command, jobs_in_words, with_options
from crobot_tasks.cli.values import DURATION, PARAM, SIZE
from crobot_tasks.operate import hold
from crobot_tasks.operate.resend import Changes, Resent, resend_each
from crobot_tasks.operate.resend import resend as resend_one
from db.crobot import control as queries
from db.crobot.selection import Selection
from db.engine import transaction

_CHANGES = (
    click.option("--param", "params", multiple=True, type=PARAM,
                 help="Another value of a parameter: min_contig=500. null takes it away; may be given several times."),
    click.option("--priority", type=click.IntRange(0, 9), help="Another priority.  [default: the old job's]"),
    click.option("--version", help="Of the pipeline; '' is the current one.  [default: as it was sent]"),
    click.option("--cores", type=click.IntRange(1, 1024), help="Cores of an attempt."),
    click.option("--memory", "memory_bytes", type=SIZE, help="Memory of an attempt: 16G."),
    click.option("--time-limit", "time_limit_s", type=DURATION, help="Time of an attempt: 90m, 8h, 1d, or seconds."),
)  # fmt: skip
_NAMES = ("priority", "version", "cores", "memory_bytes", "time_limit_s")


def with_changes(command: Command) -> Command:
    """Give a command the options that say what is to be different; it gets them as ``changes``."""

    @wraps(command)
    def changed(*args: Any, params: tuple[tuple[str, Any], ...], **options: Any) -> Any:
        changes = Changes(params=dict(params), **{name: options.pop(name) for name in _NAMES})
        return command(*args, changes=changes, **options)

    return with_options(changed, _CHANGES)


@click.command()
@changes_many
@with_changes
def resend(selection: Selection, ask: Ask, changes: Changes, as_json: bool) -> None:
    """Send jobs that are over again, with other parameters if wanted. Selected by filters only, those that were sent
    again before are left out; named by number, they are not."""
    storage.ready()
    selected, ids = hold.counts(selection), hold.chosen(selection)
    before = _resent_before(ids) if selection.ids is None else set()
    ids = [job_id for job_id in ids if job_id not in before]
    if len(ids) == 1 and not ask.dry_run:
        sent: list[tuple[int, Resent | CRobotError]] = [(ids[0], resend_one(ids[0], changes))]
    else:
        sent = list(resend_each(ids, changes)) if ask.may("resend", len(ids)) else []
    done = document(selection, ask, Counter(), selected) | {
        "jobs": len(ids),
        "resent_before": len(before),
        "sent": [_described(job_id, what) for job_id, what in sent],
    }
    del done["changed"]
    emit(as_json, done, lambda out: _show(out, done, nothing(selection, selected, "to be sent again")))
    refused = any(isinstance(what, CRobotError) for _, what in sent)
    click.get_current_context().exit(1 if refused else 0)


def _resent_before(ids: list[int]) -> set[int]:
    with transaction() as session:
        return queries.resent(session, ids)


def _described(job_id: int, what: Resent | CRobotError) -> dict[str, Any]:
    if isinstance(what, Resent):
        return {"job": job_id, "sent_as": what.job_id, "joined": what.joined}
    return {"job": job_id, "error": {"type": type(what).__name__, "message": str(what)}}


def _show(out: Console, done: dict[str, Any], nothing: str) -> None:
    if done["dry_run"] and done["jobs"]:
        out.print(f"{jobs_in_words(done['jobs'])} would be sent again")
    elif not done["sent"] and not done["resent_before"]:
        out.print(nothing)
    for one in done["sent"]:
        out.print(_line(one))
    if done["resent_before"]:
        out.print(
            f"{jobs_in_words(done['resent_before'])} left out, sent again before: name the numbers to do it once more"
        )


def _line(one: dict[str, Any]) -> str:
    if "error" in one:
        return f"job {one['job']} is not sent again: {one['error']['message']}"
    if one["joined"]:
        return f"job {one['job']}: job {one['sent_as']} for the same is live already; nothing new was sent"
    return f"job {one['job']} is sent again as job {one['sent_as']}"
