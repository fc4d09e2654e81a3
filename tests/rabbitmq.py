"""RabbitMQ from Debian, started by a test as this user: own ports, own directory, nobody else's epmd."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import PATIENCE_S, wait_for

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """Run a broker below ``folder`` and give its URL."""
    folder.mkdir(parents=True)
    port, dist_port, epmd_port = _free_ports(3)
    environment = _environment(folder, port, dist_port, epmd_port)
    log = folder / "rabbitmq.log"
    with log.open("wb") as output:
        server = subprocess.Popen([SERVER], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                  start_new_session=True)  # fmt: skip
    try:
        wait_for(f"RabbitMQ, see {log}", lambda: b"completed with" in log.read_bytes())
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        server.terminate()
        server.wait(PATIENCE_S)
        subprocess.run(
            ["epmd", "-port", str(epmd_port), "-kill"], env=environment, check=False, capture_output=True
        )


def _environment(folder: Path, port: int, dist_port: int, epmd_port: int) -> dict[str, str]:
    files = {
        "HOME": folder,
        "RABBITMQ_MNESIA_BASE": folder / "mnesia",
        "RABBITMQ_LOG_BASE": folder / "log",
        "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "enabled_plugins",
        "RABBITMQ_CONF_ENV_FILE": folder / "rabbitmq-env.conf",
        "RABBITMQ_CONFIG_FILE": folder / "rabbitmq.conf",
    }
    ports = {"RABBITMQ_NODE_PORT": port, "RABBITMQ_DIST_PORT": dist_port, "ERL_EPMD_PORT": epmd_port}
    return (
        os.environ
        | {name: str(path) for name, path in files.items()}
        | {name: str(number) for name, number in ports.items()}
        | {
            "RABBITMQ_NODENAME": f"crobot{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
    )


def _free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports
