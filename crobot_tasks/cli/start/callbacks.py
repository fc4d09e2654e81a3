"""`crobot callbacks`: runs plain Celery tasks, which jobs have as callbacks, away from the heads."""

from __future__ import annotations

import click

from crobot_tasks.callbacks.worker import callbacks_worker
from crobot_tasks.cli import broker, services
from crobot_tasks.cli.start import foreground


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1024),
    default=2,
    show_default=True,
    help="Tasks that run at a time, each in a process.",
)
@click.option("--loglevel", default="INFO", show_default=True, help="DEBUG, INFO, WARNING or ERROR.")
def callbacks(concurrency: int, loglevel: str) -> None:
    """Run plain Celery tasks, for instance callbacks of jobs. Any number may run."""
    foreground.begin()
    services.ready_database()
    broker.await_ready()
    foreground.announce(f"callbacks, {concurrency} at a time", database=services.database_address())
    foreground.work(callbacks_worker(concurrency, loglevel))
