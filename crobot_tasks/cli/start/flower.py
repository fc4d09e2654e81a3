"""`crobot flower`: Celery's web page of workers and tasks."""

from __future__ import annotations

import click

import celeryconfig
from crobot_tasks.broker.answers import check_answers
from crobot_tasks.cli import broker
from crobot_tasks.cli.output import say
from crobot_tasks.cli.start import foreground
from crobot_tasks.web.flower import config
from crobot_tasks.web.flower.people import people


@click.command()
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where to listen.  [default: CROBOT_FLOWER_PORT, 5555]"
)
@click.option("--address", default="127.0.0.1", show_default=True, help="The interface to listen on.")
def flower(port: int | None, address: str) -> None:
    """Run Flower, with pages for operators. Without credentials it stays closed: CROBOT_FLOWER_OPERATORS=user:password
    for those who may also change things there, CROBOT_FLOWER_AUTH for a viewer."""
    foreground.begin()
    port = port or celeryconfig.crobot_flower_port
    who = people(celeryconfig.crobot_flower_auth, celeryconfig.crobot_flower_operators)
    if not who.by_login:
        # It stays alive, since a Procfile runner that sees one process end stops all the others.
        with foreground.until_told_to_end():
            say(
                "flower: closed, no port is open. Start it with CROBOT_FLOWER_OPERATORS=user:password to steer jobs "
                "and nodes there, or with CROBOT_FLOWER_AUTH=user:password to look"
            )
        return
    check_answers()
    say(f"flower: http://{address}:{port}/ for {who.names()}, broker {broker.address()}")
    config.serve(who, address, port)
