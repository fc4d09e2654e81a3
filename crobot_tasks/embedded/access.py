"""Ports and passwords of the embedded servers, remembered in one file that only its owner can read."""

from __future__ import annotations

import json
import os
import random
import secrets
import socket
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crobot_errors import ServerFailed

HOST = "127.0.0.1"
#: so long a port is waited for before another is taken
PATIENCE_S = 3.0
#: ports of well-known services lie below
_FIRST_PORT = 10_000


@dataclass
class Access:
    """How to reach one server."""

    #: 0 before the first start
    port: int = 0
    #: letters that need no quoting in a URL or in a configuration file
    password: str = field(default_factory=lambda: secrets.token_hex(24))

    def take_free_port(self) -> None:
        """Keep the port if nobody else has it, else take a new one.

        A server that was just killed may hold its port until its last thread is gone.

        Raises:
            ServerFailed: no port is free.
        """
        patient_until = time.monotonic() + PATIENCE_S
        while self.port and not is_free(self.port):
            if time.monotonic() > patient_until:
                self.port = 0
            time.sleep(0.02)
        self.port = self.port or free_port()


def free_port() -> int:
    """Return a port that is free now and that the kernel gives to no outgoing connection.

    A client that tries to reach a server which is down would else, sooner or later, be given the server's own port, be
    connected to itself, and keep the server from coming back.

    Raises:
        ServerFailed: none is free.
    """
    ports = range(_FIRST_PORT, max(_first_outgoing(), _FIRST_PORT + 1000))
    for port in random.sample(ports, len(ports)):
        if is_free(port):
            return port
    raise ServerFailed(f"no port from {ports[0]} to {ports[-1]} is free for an embedded server")


def _first_outgoing() -> int:
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    return 32768


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port."""
    with socket.socket() as probe:
        # as the servers do: connections of a former server that linger are no hindrance
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def load(data_dir: Path) -> dict[str, Access]:
    """Return what is remembered, server's name → access; empty before the first start.

    Raises:
        ServerFailed: the file cannot be understood.
    """
    path = data_dir / "servers.json"
    try:
        remembered = json.loads(path.read_text())
        return {name: Access(**access) for name, access in remembered.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        raise ServerFailed(
            f"{path} holds the servers' passwords and is damaged ({error}): restore it from a backup,"
            f" or remove {data_dir} to begin with an empty database"
        ) from error


def save(data_dir: Path, accesses: dict[str, Access]) -> None:
    """Remember; a crash leaves either the old file or the new one."""
    draft = data_dir / "servers.json.new"
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w") as file:
        json.dump({name: asdict(access) for name, access in accesses.items()}, file, indent=2)
        file.flush()
        os.fsync(fd)
    draft.replace(data_dir / "servers.json")
