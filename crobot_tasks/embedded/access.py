"""Ports and passwords of the embedded servers, remembered in one file that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crobot_errors import ServerFailed

HOST = "127.0.0.1"


@dataclass
class Access:
    """How to reach one server."""

    #: 0 before the first start
    port: int = 0
    #: letters that need no quoting in a URL or in a configuration file
    password: str = field(default_factory=lambda: secrets.token_hex(24))

    def take_free_port(self) -> None:
        """Keep the port if nobody else has it now, else take a new one."""
        if not (self.port and is_free(self.port)):
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                self.port = probe.getsockname()[1]


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
