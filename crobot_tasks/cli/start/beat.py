"""`crobot beat`: Celery's beat, which tells the heads when to look after silent nodes and overdue results."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

import click

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.broker.beat_scheduler import Beat, Scheduler
from crobot_tasks.celery import app
from crobot_tasks.cli import broker
from crobot_tasks.cli.start import foreground


@click.command()
@click.option("--loglevel", default="INFO", show_default=True, help="DEBUG, INFO, WARNING or ERROR.")
def beat(loglevel: str) -> None:
    """Run the clock: one for the whole system is enough."""
    foreground.begin()
    folder = Path(celeryconfig.crobot_data_dir)
    broker.await_ready()
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder / "beat.lock")
    foreground.announce("beat")
    foreground.quiet_internals()
    with lock:
        Beat(
            app=app,
            schedule=str(folder / "beat-schedule"),
            scheduler_cls=Scheduler,
            loglevel=loglevel,
            quiet=True,
        ).run()


def _lock(path: Path) -> IO[str]:
    """Hold the schedule file, which two beats would ruin for each other."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BadInput(f"a beat is running in {path.parent} already, and one is enough") from None
    return file
