"""(c, d) What a calculation node remembers on disk: attempts begun, attempts running, reports not yet acknowledged.

    running/17.1            its process is at work
    reports/17.1.json       how it ended; kept until a head has applied it
    begun/2026-11-25/17.1   it was at work once, and was over that day; a repeated message starts nothing
    incarnation             grows with every start of the node
    stopping                somebody told the node to stop

An attempt is one file, which goes from `running` by `reports` to `begun`: whoever looks in this order finds it, and
nothing is removed for a month.
Links and renames only, so that it is right after a kill -9 at any point; a power loss costs no more than a rescue.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.formats import ATTEMPT_ID
from workers import scratch

#: markers of attempts that are older than any message of theirs can be
_FORGET = timedelta(days=30)
#: markers that are removed at once, in the thread that carries heartbeats
_AT_ONCE = 1000
#: reports in one message have no more bytes together, unless a single one, of a former version, has
MESSAGE_BYTES = 1_000_000
#: a report on so much work is worth waiting for the disk
_FSYNC_S = 5.0


class Spool:
    """The node's memory below ``state_dir``."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.begun = state_dir / "begun"
        self.running = state_dir / "running"
        self.reports = state_dir / "reports"
        self._stopping = state_dir / "stopping"
        for folder in (self.begun, self.running, self.reports):
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = (state_dir / "lock").open("w")
        #: a byte here wakes the courier; made before the pool forks, so that its processes have it
        self.wake_fd, self._waker_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def open(self) -> str:
        """Begin a new life of the node: lock the directory, clear what the last life left, return the incarnation.

        Raises:
            BadInput: another process on this machine is this node.
        """
        try:
            fcntl.lockf(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(
                f"a node is already running in {self.state_dir}; give this one another --name"
            ) from None
        self._stopping.unlink(missing_ok=True)
        for attempt_id in self.at_work():
            self._forget_running(attempt_id)
        self._sort_in()
        return self._next_incarnation()

    def close(self) -> None:
        """End this life: another process may be the node."""
        self._lock.close()
        os.close(self.wake_fd)
        os.close(self._waker_fd)

    def begin(self, attempt_id: str) -> bool:
        """Note that the attempt begins; false if it ever began before."""
        try:
            os.close(os.open(self.running / attempt_id, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        if self._is_over(attempt_id):
            (self.running / attempt_id).unlink(missing_ok=True)
            return False
        self.wake()
        return True

    def end(self, attempt_id: str, report: dict[str, Any], must_fsync: bool = False) -> None:
        """Keep a report until it is acknowledged. The first report on an attempt counts."""
        running = self.running / attempt_id
        if not running.exists() and self._is_over(attempt_id):
            return
        # A line of its own, so that one that was cut off, as its writer was killed, spoils no other.
        # `json.dump` would do without the encoder that is written in C.
        line = f"\n{json.dumps({'id': attempt_id} | report)}\n".encode()
        # The file of an attempt that was revoked before it began is made here: it must not begin any more.
        with running.open("ab") as file:
            file.write(line)
            if must_fsync:
                file.flush()
                os.fsync(file.fileno())
        # It may be there, or have gone on, by another report.
        with suppress(FileExistsError, FileNotFoundError):
            os.link(running, self._report(attempt_id))
        running.unlink(missing_ok=True)
        self.wake()

    def pending(self, limit: int, but: Collection[str] = ()) -> list[tuple[str, dict[str, Any]]]:
        """Reports that no head has acknowledged, except those ``but``: (attempt id, report); what fits one message."""
        found: list[tuple[str, dict[str, Any]]] = []
        size = 0
        with os.scandir(self.reports) as entries:
            for attempt_id, text in self._unacknowledged(entries, but):
                size += len(text)
                if len(found) == limit or (found and size > MESSAGE_BYTES):
                    break
                if (report := _first_whole(text)) is not None:
                    found.append((attempt_id, report))
                else:  # cut short by a power loss; the lease brings the job back
                    self.acknowledge(attempt_id)
        return found

    def acknowledge(self, attempt_id: str) -> None:
        """Forget a report that a head has applied."""
        if ATTEMPT_ID.fullmatch(attempt_id):
            with suppress(FileNotFoundError):
                over = self._today() / attempt_id
                os.rename(self._report(attempt_id), over)
                os.truncate(over, 0)

    def at_work(self) -> list[str]:
        """Attempts at work."""
        return os.listdir(self.running)

    def reported(self) -> list[str]:
        """Attempts whose report is still here."""
        return [name.removesuffix(".json") for name in os.listdir(self.reports) if name.endswith(".json")]

    def tidy(self) -> None:
        """Remove what attempts left whose process was killed, and markers that nobody will ask for."""
        scratch.remove_all_but(self.state_dir, self.at_work)
        self._forget()

    def wake(self) -> None:
        """Tell the courier that there is something to send."""
        with suppress(BlockingIOError):  # the pipe is full, so the courier wakes anyway
            os.write(self._waker_fd, b".")

    def stop(self) -> None:
        """Note that somebody told the node to stop: what ends now ended for that."""
        with suppress(OSError):
            self._stopping.touch()

    def is_stopping(self, within_s: float = 0.0) -> bool:
        """Whether somebody told the node to stop, or does ``within_s`` seconds.

        A supervisor signals all processes of a node at once, and its main process may note it last.
        """
        until = time.monotonic() + within_s
        while not (stopping := self._stopping.exists()) and time.monotonic() < until:
            time.sleep(0.01)
        return stopping

    def must_fsync(self, attempt_id: str) -> bool:
        """Whether the attempt has worked so long that its report must survive a power loss."""
        with suppress(FileNotFoundError):
            return time.time() - (self.running / attempt_id).stat().st_mtime > _FSYNC_S
        return False

    def _report(self, attempt_id: str) -> Path:
        return self.reports / f"{attempt_id}.json"

    def _is_over(self, attempt_id: str) -> bool:
        """Whether it was at work once, or was revoked before."""
        return self._report(attempt_id).exists() or any((day / attempt_id).exists() for day in self._days())

    def _forget_running(self, attempt_id: str) -> None:
        """Note that what a former life left is at work no more; heads hear that from this life's first heartbeat."""
        running = self.running / attempt_id
        if self._report(attempt_id).exists():  # the node was killed while the file went on: it has both names
            running.unlink()
        else:
            running.rename(self._today() / attempt_id)

    def _unacknowledged(
        self, entries: Iterable[os.DirEntry[str]], but: Collection[str]
    ) -> Iterator[tuple[str, str]]:
        for entry in entries:
            attempt_id, kind = os.path.splitext(entry.name)
            if kind == ".json" and attempt_id not in but and (text := self._text(entry.path)) is not None:
                yield attempt_id, text

    def _text(self, path: str) -> str | None:
        with suppress(FileNotFoundError):  # acknowledged meanwhile
            return Path(path).read_text()
        return None

    def _today(self) -> Path:
        today = self.begun / _day(datetime.now(UTC))
        with suppress(FileExistsError):
            os.mkdir(today)
        return today

    def _sort_in(self) -> None:
        """Put markers of a former version, which knew no days, with those of today."""
        for entry in list(os.scandir(self.begun)):
            if entry.is_file():
                os.rename(entry.path, self._today() / entry.name)

    def _days(self) -> list[Path]:
        """The folders of markers, the oldest first."""
        return [self.begun / name for name in sorted(os.listdir(self.begun))]

    def _forget(self) -> None:
        """Remove some markers of the oldest day, if that is long ago; no other is looked at."""
        for day in self._days()[:1]:
            if day.name < _day(datetime.now(UTC) - _FORGET):
                with os.scandir(day) as entries:
                    old = [entry.path for entry in islice(entries, _AT_ONCE)]
                for path in old:
                    os.unlink(path)
                if len(old) < _AT_ONCE:
                    day.rmdir()

    def _next_incarnation(self) -> str:
        path = self.state_dir / "incarnation"
        last = int(path.read_text()) if path.exists() and path.read_text().isdigit() else 0
        # grows even if the clock was set back, and even if the directory was wiped
        value = f"{max(last + 1, time.time_ns() // 1_000_000):015d}"
        path.write_text(value)
        return value


def _first_whole(text: str) -> dict[str, Any] | None:
    """Return the first of the reports on an attempt that was written to its end; None if there is none."""
    for line in text.splitlines():
        with suppress(ValueError):
            report: dict[str, Any] = json.loads(line)
            return report
    return None


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
