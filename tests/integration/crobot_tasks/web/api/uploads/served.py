"""`crobot api` and nginx as processes, and connections that are cut, stall or come twice."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import ROOT
from tests.integration.crobot_tasks.web.api.uploads.conftest import TUS
from tests.processes import Process, wait_for

NGINX_CONF = Path("docs/nginx.conf")


class Served:
    """A server of the API, and where it is."""

    def __init__(self, folder: Path, name: str, *before: str, **environment: str) -> None:
        self.port = closed_port()
        line = [*before, sys.executable, "-m", "crobot_tasks.cli", "api", "--port", str(self.port)]
        self.process = Process(name, line, folder, **environment)
        self.address = f"http://127.0.0.1:{self.port}"
        self.ready()

    def ready(self) -> None:
        wait_for("the API", lambda: answers(self.address + ROOT, self.process))

    def kill_and_start(self) -> None:
        """Kill it in the middle of whatever it does, and start it again at the same port."""
        self.process.kill()
        self.process.start()
        self.ready()


def answers(root: str, process: Process) -> bool:
    try:
        return requests.get(f"{root}/health", timeout=30).ok
    except requests.ConnectionError:
        assert process.status == "running", process.text()
        return False


@contextmanager
def nginx(folder: Path, api_port: int, storage: Path) -> Iterator[str]:
    """nginx with the file of the documents, in which only ports and paths are others; its address with the prefix."""
    port = closed_port()
    others = {
        "127.0.0.1:5556": f"127.0.0.1:{api_port}",
        "127.0.0.1:8080": f"127.0.0.1:{port}",
        "/shared/crobot/": f"{storage}/",
    }
    with started_nginx(folder, NGINX_CONF, others, f"http://127.0.0.1:{port}/crobot") as address:
        yield address


@contextmanager
def started_nginx(folder: Path, conf: Path, others: dict[str, str], address: str) -> Iterator[str]:
    """nginx with a site of ours, in which ``others`` are other ports and paths; the API must answer at ``address``."""
    site = conf.read_text()
    for text, ours in others.items():
        assert text in site
        site = site.replace(text, ours)
    folder.mkdir()
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; {'user root;' if os.geteuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program
    line = [program, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"]
    process = Process("nginx", line, folder)
    try:
        wait_for("nginx", lambda: answers(address + ROOT, process))
        yield address
    finally:
        process.stop()


class Line:
    """A connection on which a PATCH is sent by hand."""

    def __init__(self, url: str, token: str, offset: int, length: int) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self.socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=60)
        head = {
            "Host": parts.netloc,
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(length),
            "Upload-Offset": str(offset),
            "Connection": "close",
        } | TUS
        lines = [f"PATCH {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def cut(self) -> None:
        self.socket.close()

    def answer(self) -> str:
        """All that is answered, until the server closes."""
        parts = []
        while data := self.socket.recv(65536):
            parts.append(data)
        self.socket.close()
        return b"".join(parts).decode()
