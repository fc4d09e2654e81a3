"""The demo's processes: started as an operator starts them, their output in files, and all ended by their ids."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1
#: the module of the command `crobot`
CROBOT = "crobot_tasks.cli"
#: seconds for a process to finish what it does, once asked to end
PATIENCE_S = 20.0


class Process:
    """One process of CRobot, in a session of its own so that Ctrl-C reaches only the demo."""

    def __init__(self, name: str, module: str, arguments: Sequence[str], logs: Path) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.command = ["crobot" if module == CROBOT else f"python -m {module}", *arguments]
        with self.log.open("wb") as log:
            self._popen = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    @property
    def pid(self) -> int:
        """Its process id, which is that of its process group too."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._popen.poll() is None

    def descendants(self) -> list[psutil.Process]:
        """All processes below it: the pool's, the guards, the tools."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill -9 the whole process group at once."""
        os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()

    def ask_to_end(self) -> None:
        """Send SIGTERM, as a supervisor does."""
        if self.running:
            self._popen.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; false if it goes on."""
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(seconds)
        return not self.running

    def last_words(self, lines: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def stop(processes: Sequence[Process]) -> list[str]:
    """End processes and everything below them; returns the names of those that had to be killed."""
    below = [child for process in processes for child in process.descendants()]
    killed = []
    for process in processes:
        process.ask_to_end()
    for process in processes:
        if not process.wait(PATIENCE_S):
            process.kill()
            killed.append(process.name)
    # psutil compares start times, so that a reused id is nobody's
    _, left = psutil.wait_procs(below, timeout=5)
    for child in left:
        with suppress(psutil.NoSuchProcess):
            child.kill()
            killed.append(f"process {child.pid}")
    return killed


def _end_with_parent() -> None:
    """If the demo itself is killed, its processes are told to end."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
