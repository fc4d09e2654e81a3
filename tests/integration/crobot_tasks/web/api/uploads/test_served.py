"""Uploads by real clients over real lines: cut, stalled, twice at once, killed in the middle, on a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tusclient import client as tus_client

from crobot_tasks.broker.folders import storage_root
from crobot_tasks.embedded import Servers
from tests.integration.crobot_tasks.web.api.conftest import ROOT, ended
from tests.integration.crobot_tasks.web.api.uploads.conftest import (
    BYTES,
    TUS,
    Uploader,
    metadata,
    packed,
    sha256,
)
from tests.integration.crobot_tasks.web.api.uploads.served import Line, Served, nginx
from tests.processes import Cluster, wait_for

#: a file of some pieces
DATA = packed(1, 100_000)
THIRD = len(DATA) // 3


@pytest.fixture(scope="module")
def server(senterica: str, data_dir: Path) -> Iterator[Served]:
    settings = {"CROBOT_API_PROXIES": "1", "CROBOT_API_ACCEL": "/crobot-files"}
    served = Served(data_dir / "uploads-api", "api", **settings)
    yield served
    assert served.process.stop() == 0


class Remote:
    """A user of a server: the pair by JSON, one of its files by hand."""

    def __init__(self, address: str, user: Uploader, prefix: str = "") -> None:
        self.user, self.token = user, user.client.token
        self.headers = {"Authorization": f"Bearer {self.token}"}
        self.pair = user.announce()
        said = {"Upload-Length": str(len(DATA)), "Upload-Metadata": metadata(filename="r_1.fastq.gz")}
        url = address + prefix + self.pair["files_url"]
        made = requests.post(url, headers=self.headers | TUS | said, timeout=60)
        assert made.status_code == 201, made.text
        self.path = made.headers["Location"].removeprefix(prefix)
        self.url = address + prefix + self.path

    def offset(self) -> int:
        """By HEAD."""
        answer = requests.head(self.url, headers=self.headers | TUS, timeout=60)
        assert answer.status_code == 200
        return int(answer.headers["Upload-Offset"])

    def patch(self, data: bytes, offset: int) -> requests.Response:
        headers = self.headers | TUS | BYTES | {"Upload-Offset": str(offset)}
        return requests.patch(self.url, data=data, headers=headers, timeout=120)

    def line(self, offset: int, length: int) -> Line:
        return Line(self.url, self.token, offset, length)

    @property
    def file(self) -> Any:
        """As the database has it; without a HEAD, which would end whoever writes."""
        return self.user.file(self.path)


def test_a_client_of_tus_uploads_a_real_pair_through_nginx_and_its_assembly_is_downloaded(
    cluster: Cluster, server: Served, user: Uploader, data_dir: Path, reads: list[str]
) -> None:
    with nginx(data_dir / "nginx", server.port, storage_root()) as address:
        headers = {"Authorization": f"Bearer {user.client.token}"}
        pair = {
            "database": "senterica",
            "strain": "uploaded by tuspy",
            "metadata": {"country": "Ireland"},
            "read1": Path(reads[0]).name,
            "read2": Path(reads[1]).name,
            "params": {"assembler": "megahit", "cores": 1},
        }
        announced = requests.post(f"{address}{ROOT}/uploads", json=pair, headers=headers, timeout=60).json()
        assert announced["files_url"].startswith("/crobot/api/")
        endpoint = address.removesuffix("/crobot") + announced["files_url"]
        for path in map(Path, reads):
            said = {"filename": path.name, "sha256": sha256(path.read_bytes())}
            with path.open("rb") as stream:
                uploader = tus_client.TusClient(endpoint, headers=headers).uploader(
                    file_stream=stream,
                    metadata=said,
                    chunk_size=600_000,
                    upload_checksum=path.name.endswith("2.fastq.gz"),
                )
                uploader.upload()
            assert "/crobot/api/" in uploader.url
        sent = requests.get(
            address + announced["url"].removeprefix("/crobot"), headers=headers, timeout=60
        ).json()
        assert (sent["state"], [file["state"] for file in sent["files"]]) == ("sent", ["checked"] * 2)
        assert ended(sent["job"]) == "COMPLETE"
        listed = requests.get(f"{address}{ROOT}/jobs/{sent['job']}/files", headers=headers, timeout=60).json()
        (assembly,) = (file for file in listed["files"] if file["name"] == "assembly")
        url = address.removesuffix("/crobot") + assembly["url"]
        ranged = requests.get(url, headers=headers | {"Range": "bytes=0-0"}, timeout=60)
        assert (ranged.status_code, ranged.content, "nginx" in ranged.headers["Server"]) == (206, b">", True)
        assert len(requests.get(url, headers=headers, timeout=60).content) == assembly["bytes"]
        # nobody gets there but by an answer of ours
        assert (
            requests.get(address.replace("/crobot", "/crobot-files/.crobot-storage"), timeout=60).status_code
            == 404
        )
        # what is wrong is answered through nginx, too, before the rest has come
        remote = Remote(address.removesuffix("/crobot"), user, "/crobot")
        answer = remote.patch(b"no gzip at all" * 10**6, 0)
        assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")
        answer = remote.patch(b"no gzip at all" + DATA[14:], 0)
        assert (answer.status_code, "is no gzip file" in answer.json()["detail"]) == (422, True)


def test_a_line_that_is_cut_goes_on_where_it_broke(server: Served, user: Uploader) -> None:
    remote = Remote(server.address, user)
    line = remote.line(0, len(DATA))
    line.send(DATA[:THIRD])
    line.cut()
    wait_for("what came before", lambda: remote.file["received"] == THIRD)
    assert remote.offset() == THIRD
    assert remote.patch(DATA[THIRD:], THIRD).headers["Upload-Offset"] == str(len(DATA))
    assert (remote.file["state"], remote.file["sha256"]) == ("checked", sha256(DATA))


def test_of_two_requests_at_once_one_writes_and_a_head_takes_over(server: Served, user: Uploader) -> None:
    remote = Remote(server.address, user)
    stalled = remote.line(0, len(DATA))
    stalled.send(DATA[:THIRD])
    # what comes slowly is written after two seconds
    wait_for("the first to write", lambda: remote.file["received"])
    received = remote.file["received"]
    second = remote.patch(DATA[received:], received)
    assert (second.status_code, second.json()["type"]) == (423, "urn:crobot:UploadBusy")
    assert int(second.headers["Upload-Offset"]) == received
    offset = remote.offset()
    assert offset == received
    assert remote.patch(DATA[offset:-500], offset).status_code == 204
    # whoever was taken over from writes nothing more, and is told
    stalled.send(bytes(len(DATA) - THIRD))
    answer = stalled.answer()
    assert "423" in answer.splitlines()[0]
    assert "another request has taken over r_1.fastq.gz" in answer
    assert remote.offset() == len(DATA) - 500
    assert remote.patch(DATA[-500:], len(DATA) - 500).status_code == 204
    wait_for("the verdict", lambda: remote.file["state"] == "checked")
    assert remote.file["sha256"] == sha256(DATA)


def test_a_server_that_is_killed_in_the_middle_goes_on_at_a_true_offset(
    cluster: Cluster, server: Served, user: Uploader
) -> None:
    remote = Remote(server.address, user)
    line = remote.line(0, len(DATA))
    line.send(DATA[:-1000])
    server.kill_and_start()
    line.cut()
    offset = remote.offset()
    assert 0 <= offset <= len(DATA) - 1000
    assert remote.patch(DATA[offset:], offset).status_code == 204
    # nobody has seen all of it, so a head reads it
    wait_for("the verdict", lambda: remote.file["state"] == "checked")
    assert remote.file["sha256"] == sha256(DATA)


def test_a_full_disk_is_said_and_what_has_arrived_is_kept(
    user: Uploader, servers: Servers, data_dir: Path
) -> None:
    uploads = storage_root() / "uploads"
    uploads.mkdir(exist_ok=True)
    ballast = f"{uploads}/ballast"
    script = f'mount -t tmpfs -o size=9m none "{uploads}" && head -c 8M /dev/zero >"{ballast}" && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    # in there its own processes look like those of others
    addresses = {"CROBOT_DATABASE_URL": servers.database_url, "CROBOT_BROKER_URL": servers.broker_url}
    server = Served(data_dir / "full-disk", "api", *namespace, **addresses)
    try:
        remote = Remote(server.address, user)
        full = remote.patch(DATA, 0)
        assert (full.status_code, full.json()["type"]) == (507, "urn:crobot:StorageFull")
        assert "what has arrived is kept" in full.json()["detail"]
        assert full.headers["Retry-After"]
        Path(f"/proc/{server.process.pid}/root{ballast}").unlink()
        offset = remote.offset()
        assert remote.patch(DATA[offset:], offset).status_code == 204
        assert remote.file["state"] in ("checked", "uploaded")
    finally:
        server.process.kill()
