"""`crobot head`: dispatches, and does all the writing."""

from __future__ import annotations

import click

from crobot_tasks.cli import broker, services, storage
from crobot_tasks.cli.start import foreground
from crobot_tasks.head.worker import head_worker


@click.command()
@click.option("--loglevel", default="INFO", show_default=True, help="DEBUG, INFO, WARNING or ERROR.")
def head(loglevel: str) -> None:
    """Run a head: it places jobs on nodes and writes their results. Any number may run."""
    foreground.begin()
    services.ready_database()
    storage.await_ready()
    broker.await_ready()
    foreground.announce("head", database=services.database_address())
    foreground.quiet_internals()
    foreground.work(head_worker(loglevel))
