"""`crobot cancel`: jobs that nobody wants any more."""

from __future__ import annotations

from collections import Counter

import click
from rich.console import Console

from crobot_tasks.broker.json_values import plain
from crobot_tasks.cli.output import emit
from crobot_tasks.cli.steer import until_over
from crobot_tasks.cli.steer.changes import Ask, changes_many, document, nothing
from crobot_tasks.cli.steer.selection import in_words, jobs_in_words
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import hold
from db.crobot import LIVE, JobState
from db.crobot.selection import Selection

States = dict[int, JobState]


@click.command()
@changes_many
@click.option("--reason", default="cancelled", show_default=True, help="Kept with the job.")
@click.option("--no-wait", is_flag=True, help="Do not wait until a running job has stopped.")
@click.option(
    "--timeout", "timeout_s", type=float, default=15.0, show_default=True, help="Seconds to wait for that."
)
def cancel(
    selection: Selection, ask: Ask, reason: str, no_wait: bool, timeout_s: float, as_json: bool
) -> None:
    """Cancel jobs, waiting or running; the tools of a running one end within seconds.

    Named by number only, each job is told of by itself, otherwise how many it was.
    """
    plain(reason, "the reason")
    selected = hold.counts(selection)
    if not ask.may("cancel", hold.counts(hold.live(selection)).total()):
        _tell_many(selection, ask, selected, hold.counts(hold.live(selection)), {}, as_json)
        return
    ids = hold.chosen(hold.live(selection))
    before = until_over.states(selection.ids or ids)
    after = before | cancel_each(ids, reason)
    stopping = [job_id for job_id, state in after.items() if state in LIVE]
    if stopping and not no_wait:
        after |= until_over.until_ended(stopping, timeout_s)
    if selection == Selection(ids=selection.ids):
        found = [{"job": job_id, "state": after[job_id], "was": before[job_id]} for job_id in after]
        emit(as_json, found, lambda out: _show(out, before, after))
    else:
        changed = Counter(before[job_id] for job_id in ids)
        _tell_many(selection, ask, selected, changed, {job_id: after[job_id] for job_id in ids}, as_json)


def _tell_many(
    selection: Selection,
    ask: Ask,
    selected: Counter[JobState],
    changed: Counter[JobState],
    after: States,
    as_json: bool,
) -> None:
    now = Counter(after.values())
    found = document(selection, ask, changed, selected) | {"now": dict(now)}

    def show(out: Console) -> None:
        if not changed:
            out.print(nothing(selection, selected, "live"))
        elif ask.dry_run:
            out.print(f"{jobs_in_words(changed.total())} would be cancelled: {in_words(changed)}")
        else:
            out.print(f"{jobs_in_words(changed.total())} cancelled: {in_words(changed)}; now {in_words(now)}")

    emit(as_json, found, show)


def _show(out: Console, before: States, after: States) -> None:
    for job_id, state in after.items():
        out.print(_line(job_id, before[job_id], state))


def _line(job_id: int, before: JobState, state: JobState) -> str:
    if before not in LIVE:
        return f"job {job_id} was over before: {state}"
    if state == JobState.CANCELLED:
        return f"job {job_id} is cancelled"
    if state in LIVE:
        return f"job {job_id} is being stopped; `crobot wait {job_id}` tells when it is over"
    return f"job {job_id} ended before it could be stopped: {state}"
