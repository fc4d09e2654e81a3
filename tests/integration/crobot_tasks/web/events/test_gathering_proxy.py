"""`crobot doctor` tells a web server that gathers streams of events from one that passes them on."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import celeryconfig
from crobot_tasks.operate.doctor import proxies
from crobot_tasks.operate.doctor.seen import Seen
from tests.integration.crobot_tasks.cli.test_commands import closed_port
from tests.integration.crobot_tasks.web.api.conftest import Client
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.processes import Process, wait_for

#: nginx holds back what came without chunks: by HTTP 1.0, its default
GATHERS = "proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;"
PASSES_ON = "proxy_http_version 1.1; proxy_buffering off;"


@contextmanager
def nginx(folder: Path, behind: str, rules: str) -> Iterator[str]:
    """nginx before a server; its address of the streams."""
    port = closed_port()
    user = "user root;" if os.geteuid() == 0 else ""
    folder.mkdir()
    temporary = "".join(
        f"{one}_temp_path {folder}/{one};" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; {user} events {{}}\n"
        f"http {{ access_log off; {temporary} server {{ listen 127.0.0.1:{port};\n"
        f"location = /events {{ proxy_pass {behind}; {rules} }} }} }}\n"
    )
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program
    process = Process("nginx", [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], folder)
    try:
        wait_for("nginx", lambda: _listens(port))
        yield f"http://127.0.0.1:{port}/events"
    finally:
        process.stop()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def judged(patch: pytest.MonkeyPatch, url: str) -> tuple[str, str]:
    patch.setattr(celeryconfig, "crobot_events_url", url)
    patch.setattr(proxies, "FIRST_S", 2.0)
    (found,) = proxies.examine(Seen())
    return str(found.severity), found.what


def test_a_proxy_that_gathers_is_a_problem(
    flower: Flower, app_of_7: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nginx(tmp_path / "passes", flower.url, PASSES_ON) as url:
        assert judged(monkeypatch, url) == ("ok", f"{url} passes streams on at once")
    with nginx(tmp_path / "gathers", flower.url, GATHERS) as url:
        severity, what = judged(monkeypatch, url)
        assert (severity, what) == ("problem", f"{url} passes nothing on within 2 s: a proxy gathers it")
    nobody = f"http://127.0.0.1:{closed_port()}/events"
    severity, what = judged(monkeypatch, nobody)
    assert (severity, what) == ("problem", f"{nobody} cannot be read: ConnectionError")


def test_without_an_address_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_events_url", "")
    assert list(proxies.examine(Seen())) == []
