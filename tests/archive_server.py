"""A small sequence archive on 127.0.0.1 for tests: serves files with Range, and misbehaves as it is told."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@dataclass
class Behaviour:
    """What is asked of the server, and what it was asked."""

    files: Path
    #: bytes after which each of the next answers is cut
    cuts: list[int] = field(default_factory=list)
    #: status codes of the next answers
    statuses: list[int] = field(default_factory=list)
    #: bytes after which the next answer goes on with one byte every 0.1 s, for half a minute at most
    stall_after: int = 0
    ranges: bool = True
    md5: str | None = None
    #: (path, Range header) of every request for a file
    requests: list[tuple[str, str]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """The template of its addresses."""
        return self.root + "{accession}_{mate}.fastq.gz"

    @property
    def root(self) -> str:
        """Where its files begin."""
        return f"http://127.0.0.1:{self.port}/"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behaviour: Behaviour

    def do_GET(self) -> None:
        path = self.behaviour.files / self.path.lstrip("/").removesuffix(".md5")
        if self.path.endswith(".md5"):
            self._send_md5(path)
            return
        self.behaviour.requests.append((path.name, self.headers.get("Range", "")))
        if self.behaviour.statuses:
            self._send(self.behaviour.statuses.pop(0), b"busy")
        elif not path.is_file():
            self._send(404, b"no such run")
        else:
            self._send_file(path.read_bytes())

    def _send_md5(self, path: Path) -> None:
        if self.behaviour.md5 is None:
            self._send(404, b"")
        else:
            found = self.behaviour.md5 or hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324
            self._send(200, f"{found}  {path.name}\n".encode())

    def _send_file(self, content: bytes) -> None:
        begin = self._begin()
        if begin >= len(content) > 0 and begin:
            self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
            return
        span = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"} if begin else {}
        self._send(206 if begin else 200, content[begin:], span, cut=True)

    def _begin(self) -> int:
        asked = self.headers.get("Range", "")
        return int(asked.removeprefix("bytes=").rstrip("-")) if asked and self.behaviour.ranges else 0

    def _send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if cut and self.behaviour.stall_after:
            self._trickle(body)
        elif cut and self.behaviour.cuts:
            self.wfile.write(body[: self.behaviour.cuts.pop(0)])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def _trickle(self, body: bytes) -> None:
        at, self.behaviour.stall_after = self.behaviour.stall_after, 0
        self.close_connection = True
        with suppress(OSError):  # the client had enough
            self.wfile.write(body[:at])
            for end in range(at, at + 300):
                self.wfile.write(body[end : end + 1])
                time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def serving(files: Path) -> Iterator[Behaviour]:
    """Serve a directory."""
    behaviour = Behaviour(files)
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        behaviour.port = server.server_port
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield behaviour
        finally:
            server.shutdown()
            thread.join()
