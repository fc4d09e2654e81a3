"""The connection goes to the address that was checked, whatever the name says the next time; TLS checks the name."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado import netutil

from crobot_errors import BadInput
from crobot_tasks.router.policy import read
from crobot_tasks.webhooks import address, signing
from crobot_tasks.webhooks.post import post
from crobot_tasks.webhooks.schedule import Answer
from tests.web_apps import WebApp, says, web_app

TARGETS = read('[webhooks]\ntargets = ["127.0.0.1"]\n').targets


class Names:
    """A name server whose answers change: each is given once, the last one again and again."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int, **_: Any) -> list[Any]:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer, port))]


def delivery(url: str) -> Any:
    """A delivery as senders get it."""
    origin = address.parse(url).origin
    return SimpleNamespace(
        url=url,
        origin=origin,
        body={"type": "job.complete"},
        message_id="1",
        now=datetime.now(UTC),
        secrets=[signing.new_secret(), None],
        traceparent=None,
    )


def posted(url: str, names: Any = socket.getaddrinfo) -> Answer:
    return asyncio.run(post(delivery(url), TARGETS, 10, names))


@pytest.fixture
def app() -> Iterator[WebApp]:
    with web_app(says("200 OK")) as started:
        yield started


def test_a_name_is_resolved_once_and_the_connection_goes_there(app: WebApp) -> None:
    # what the system would find for this name is nothing, and what the server would say next is another machine
    names = Names("127.0.0.1", "169.254.169.254")
    assert posted(f"http://rebinding.invalid:{app.port}/x", names).good
    assert names.asked == 1
    assert app.requests[0].headers["host"] == f"rebinding.invalid:{app.port}"


@pytest.mark.parametrize("second", ["169.254.169.254", "127.0.0.2", "10.0.0.1", "8.8.8.8"])
def test_a_name_that_leads_elsewhere_the_second_time_does_not_get_through(app: WebApp, second: str) -> None:
    url, names = f"http://rebinding.invalid:{app.port}/x", Names("127.0.0.1", second)
    address.check(address.parse(url), TARGETS, names)
    answer = posted(url, names)
    assert answer.status is None
    assert f"rebinding.invalid ({second}) is not among the targets" in answer.error
    assert app.requests == []
    with pytest.raises(BadInput, match="not among the targets"):
        address.check(address.parse(url), TARGETS, names)


def test_a_proxy_of_the_environment_is_not_asked(app: WebApp, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert posted(app.url).good


def test_a_name_whose_servers_do_not_answer_is_given_up_in_time() -> None:
    over = threading.Event()

    def hangs(*_: Any, **__: Any) -> Any:
        over.wait()
        return []

    try:
        answer = asyncio.run(post(delivery("http://hangs.invalid/"), TARGETS, 0.3, hangs))
    finally:
        over.set()
    assert "not resolved within 0.3 s" in answer.error


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of hooks.example.org, which signs itself."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", "/CN=hooks.example.org", "-addext", "subjectAltName=DNS:hooks.example.org",
         "-keyout", path, "-out", path.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.mark.parametrize(
    ("host", "trusted", "good"),
    [
        ("hooks.example.org", True, True),
        ("other.example.org", True, False),
        ("hooks.example.org", False, False),
    ],
)
def test_tls_checks_the_name_although_the_address_is_pinned(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, host: str, trusted: bool, good: bool
) -> None:
    # Tornado reads it once a process, as a sender does at its first post
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")) if trusted else "/dev/null")
    netutil._client_ssl_defaults.cache_clear()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate)
    with web_app(says("200 OK"), context=server) as app:
        answer = posted(f"https://{host}:{app.port}/x", Names("127.0.0.1"))
    netutil._client_ssl_defaults.cache_clear()
    assert answer.good is good
    assert good or "certificate" in answer.error.lower()
