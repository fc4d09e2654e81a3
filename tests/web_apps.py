"""Web apps of tests: servers on 127.0.0.1 that answer as they are told, well or badly, and remember what came."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from werkzeug.serving import make_server


@dataclass
class Request:
    """One that came."""

    head: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        pairs = (line.partition(":") for line in self.head.split("\r\n")[1:] if line)
        return {name.lower(): value.strip() for name, _, value in pairs}


#: what is done with a connection on which a request came
Answer = Callable[[socket.socket], None]


def says(status: str, *lines: str, body: bytes = b"") -> Answer:
    """Answer like this."""
    head = "\r\n".join((f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *lines, "", ""))
    return lambda client: client.sendall(head.encode() + body)


def drips(client: socket.socket) -> None:
    """Send a byte each tenth of a second, for ever."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
        client.sendall(bytes([byte]))
        time.sleep(0.1)


def drips_a_body(client: socket.socket) -> None:
    """Say that all is well, and go on for ever."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(10_000):
        client.sendall(b"x")
        time.sleep(0.1)


def never(client: socket.socket) -> None:
    """Say nothing until the other side is gone."""
    client.settimeout(120)
    client.recv(1)


def closes(client: socket.socket) -> None:
    """End without a word."""


def huge(client: socket.socket) -> None:
    """Take it, and answer as much as anybody reads."""
    client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    for _ in range(10_000):
        client.sendall(b"x" * 100_000)


@dataclass
class WebApp:
    """A server; ``answers`` are given in turn, the last one again and again."""

    answers: list[Answer]
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    #: of `crobot webhooks secret`
    secret: str = ""
    context: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{self.origin}/crobot_callback"

    @property
    def origin(self) -> str:
        return f"http{'s' if self.context else ''}://127.0.0.1:{self.port}"

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                client, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError), client:
            if self.context:
                client = self.context.wrap_socket(client, server_side=True)
            request = _read(client)
            number = len(self.requests)
            self.requests.append(request)
            with client:
                self.answers[min(number, len(self.answers) - 1)](client)


def _read(client: socket.socket) -> Request:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(client)
    head, _, body = data.partition(b"\r\n\r\n")
    request = Request(head.decode(), body)
    length = int(request.headers.get("content-length", 0))
    while len(body) < length:
        body += _more(client)
    return Request(request.head, body)


def _more(client: socket.socket) -> bytes:
    if part := client.recv(65536):
        return part
    raise OSError("the other side has gone")


@contextmanager
def web_app(*answers: Answer, context: ssl.SSLContext | None = None) -> Iterator[WebApp]:
    """A server that gives these answers."""
    with _listen() as listening:
        app = WebApp(list(answers), port=listening.getsockname()[1], context=context)
        threading.Thread(target=app.serve, args=(listening,), daemon=True).start()
        yield app
        listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def flask_app(app: Flask) -> Iterator[str]:
    """A Flask app behind a real server with threads; its origin."""
    with _listen() as listening:
        host, port = listening.getsockname()
        server: Any = make_server(host, port, app, threaded=True, fd=listening.fileno())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://{host}:{port}"
        server.shutdown()
        thread.join()
        server.server_close()


#: the ports that apps of these tests have had
_ports: set[int] = set()


def _listen() -> socket.socket:
    """Listen where no app before did: deliveries are kept by origin, and those of another app are no one's here."""
    while True:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        if port not in _ports:
            _ports.add(port)
            return listening
        listening.close()
