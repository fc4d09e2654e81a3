"""`crobot api`: the HTTP API, for web apps elsewhere."""

from __future__ import annotations

import click

import celeryconfig
from crobot_tasks.cli import sending, services, storage
from crobot_tasks.cli.start import foreground
from crobot_tasks.web.api.server import serve


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="The interface to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Where to listen.  [default: CROBOT_API_PORT, 5556]"
)
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes that answer."
)
@click.option(
    "--threads", type=click.IntRange(1, 20), default=8, show_default=True, help="Requests at a time in each."
)
def api(address: str, port: int | None, processes: int, threads: int) -> None:
    """Serve the HTTP API. Who may use it, says `crobot token`."""
    foreground.begin()
    port = port or celeryconfig.crobot_api_port
    sending.ready_to_steer()
    storage.await_ready()
    foreground.announce(f"api: http://{address}:{port}/api/v1.0/", database=services.database_address())
    serve(address, port, processes, threads)
