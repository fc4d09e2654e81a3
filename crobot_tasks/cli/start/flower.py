"""`crobot flower`: Celery's web page of workers and tasks."""

from __future__ import annotations

import click

import celeryconfig
from crobot_tasks.broker.answers import check_answers
from crobot_tasks.cli import broker
from crobot_tasks.cli.output import say
from crobot_tasks.cli.start import foreground
from crobot_tasks.web.flower import config


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where to listen.  [default: CROBOT_FLOWER_PORT, 5555]"
)
@click.option("--address", default="127.0.0.1", show_default=True, help="The interface to listen on.")
def flower(port: int | None, address: str) -> None:
    """Run Flower, read-only; without credentials (CROBOT_FLOWER_AUTH=user:password) it stays closed."""
    foreground.begin()
    port = port or celeryconfig.crobot_flower_port
    if not celeryconfig.crobot_flower_auth:
        # It stays alive, since a Procfile runner that sees one process end stops all the others.
        with foreground.until_told_to_end():
            say(
                "flower: closed, no port is open. To see the nodes, start it with CROBOT_FLOWER_AUTH=user:password"
            )
        return
    login = config.credentials(celeryconfig.crobot_flower_auth)
    check_answers()
    say(f"flower: http://{address}:{port}/ as user {login.partition(':')[0]}, broker {broker.address()}")
    config.serve(login, address, port)
