"""The servers of an installation, for tests that freeze, kill and restart them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from crobot_tasks import embedded
from tests.processes import wait_for


@dataclass
class Server:
    """One embedded server: ``valkey`` or ``postgres``."""

    name: str
    data_dir: Path

    @property
    def process(self) -> psutil.Process:
        status = embedded.status(self.data_dir)
        pid = next(server.pid for server in status.servers if server.name == self.name)
        assert pid, f"{self.name} does not run"
        return psutil.Process(pid)

    def freeze(self) -> None:
        """Stop it in the middle of whatever it does; its connections stay."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def stop(self, signum: int = signal.SIGTERM) -> None:
        """End it: Valkey saves its data on SIGTERM, PostgreSQL needs SIGINT to end before its clients."""
        process = self.process
        os.kill(process.pid, signum)
        wait_for(f"the end of {self.name}", lambda: _is_gone(process))

    def start(self) -> None:
        """Start it again where it was."""
        embedded.servers(self.data_dir)

    def _signal_all(self, signum: int) -> None:
        process = self.process
        for each in [process, *process.children(recursive=True)]:
            each.send_signal(signum)


def _is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
