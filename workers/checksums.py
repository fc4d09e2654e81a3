"""Checksums of the files that an attempt reads, computed in a thread beside the tools that read them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Event
from typing import Any

CHUNK_BYTES = 2**20


class Checksums:
    """sha256 and size of files, each read once, as a stream; ``log`` hears of those that cannot be read."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._stop = Event()
        self._files: dict[str, Future[dict[str, Any]]] = {}

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "checksums")

    def add(self, name: str, path: Path) -> None:
        """Begin with a file that the attempt opens, under the name by which the job knows it."""
        if name not in self._files:
            self._files[name] = self._thread.submit(checksum, path, self._stop)

    def all(self) -> dict[str, dict[str, Any]]:
        """Wait for all, and return name → ``sha256`` (hexadecimal) and ``bytes``."""
        found = {}
        for name, file in self._files.items():
            try:
                found[name] = file.result()
            except OSError as error:
                self._log(f"no checksum of {name}: {error}")
        return found

    def ready(self) -> dict[str, dict[str, Any]]:
        """Return those that are ready, and compute no others: nobody waits for a failed attempt's."""
        self._stop.set()
        done = {name: file for name, file in self._files.items() if file.done() and not file.exception()}
        return {name: file.result() for name, file in done.items()}

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._files:
            self._thread.shutdown(cancel_futures=True)


class Stopped(Exception):  # noqa: N818
    """Nobody waits for the checksum any more."""


def checksum(path: Path, stop: Event | None = None) -> dict[str, Any]:
    """Return ``sha256`` and ``bytes`` of a file as it lies there.

    Raises: OSError if it cannot be read; Stopped.
    """
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            if stop and stop.is_set():
                raise Stopped
            digest.update(chunk)
            size += len(chunk)
    return {"sha256": digest.hexdigest(), "bytes": size}
