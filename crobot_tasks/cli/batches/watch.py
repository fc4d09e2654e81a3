"""`crobot batch watch`: a batch, until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator

import click
from rich.live import Live

from crobot_tasks.batches.overview import OVER, Overview, overview
from crobot_tasks.cli import services
from crobot_tasks.cli.batches.bar import Bar, line
from crobot_tasks.cli.batches.overviews import show_one
from crobot_tasks.cli.output import Printer, console, emit, json_option, say
from db.crobot import parking
from db.listener import Listener

#: a busy system gives news more often than anybody wants to read them
_PAUSE_S, _LOOK_S = 0.2, 2.0
#: exit code of a batch that is paused: it is for somebody to say whether it goes on
PAUSED_CODE = 3
#: seconds between two lines where there is no terminal
QUIET_S = 10.0


@click.command()
@click.argument("name")
@click.option("--timeout", "timeout_s", type=float, help="Give up after so many seconds.")
@json_option
def watch(name: str, timeout_s: float | None, as_json: bool) -> None:
    """Watch a batch until it is over.

    So are watched jobs that were merely sent with --batch NAME. The exit code is 0 if nothing has failed or was
    cancelled, else 1. In a script a batch that is paused ends this with exit code 3, once none of its jobs runs any
    more; on a terminal, and with --timeout, it is waited for.
    """
    services.ready_database()
    found = follow(name, timeout_s, quiet=as_json)
    emit(as_json, found, lambda out: show_one(out, found))
    if found["state"] not in OVER and not as_json:
        say(f"crobot: batch {name} {_why_not_over(found, timeout_s)}")
    if timeout_s is None and _is_stuck(found):
        click.get_current_context().exit(PAUSED_CODE)
    items = found["items"]
    well = found["state"] in OVER and not items["failed"] and not items["cancelled"]
    click.get_current_context().exit(0 if well else 1)


def follow(name: str, timeout_s: float | None = None, *, quiet: bool = False) -> Overview:
    """Show a batch until it is over, or the time is, or it is paused and nobody is there to see; return how it stands.

    Raises:
        UnknownBatch: there is none, and no job has the name.
    """
    out = console(to_stderr=True)
    alone = quiet or not out.is_terminal
    looks = _looks(
        name, float("inf") if timeout_s is None else timeout_s, ends_paused=alone and timeout_s is None
    )
    if quiet:
        *_, found = looks
        return found
    return _show_live(out, looks) if out.is_terminal else _say_lines(looks)


def _is_stuck(found: Overview) -> bool:
    """Whether nothing of a batch moves before somebody resumes it."""
    return bool(found["state"] == "paused" and not found["items"]["running"])


def _why_not_over(found: Overview, timeout_s: float | None) -> str:
    if timeout_s is not None:
        return f"is not over after {timeout_s:g} s"
    reason = found["pause_reason"] or "no reason was given"
    return f"is paused: {reason}; `crobot batch resume {found['batch']}` goes on"


def _looks(name: str, timeout_s: float, *, ends_paused: bool) -> Iterator[Overview]:
    """Yield how it stands, whenever something may have happened, the last time when it is over."""
    ends_at = time.monotonic() + timeout_s
    with Listener(parking.CHANNEL) as listener:
        while True:
            found = overview(name)
            yield found
            left_s = ends_at - time.monotonic()
            if found["state"] in OVER or left_s <= 0 or (ends_paused and _is_stuck(found)):
                return
            listener.wait(min(_LOOK_S, left_s))
            time.sleep(_PAUSE_S)


def _show_live(out: Printer, looks: Iterator[Overview]) -> Overview:
    found: Overview = {}
    with Live(console=out, transient=True, auto_refresh=False) as live:
        for found in looks:
            live.update(Bar(found), refresh=True)
    return found


def _say_lines(looks: Iterator[Overview]) -> Overview:
    """Say how it stands, if that has changed, now and then and at the end."""
    found: Overview = {}
    said, said_at = "", float("-inf")
    for found in looks:
        text = line(found)
        over = found["state"] in OVER
        if text != said and (over or time.monotonic() - said_at >= QUIET_S):
            say(f"{found['batch']}: {text}")
            said, said_at = text, time.monotonic()
    return found
