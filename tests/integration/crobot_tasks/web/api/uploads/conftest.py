"""Users who upload reads, each with a token of their own, and small files to upload."""

from __future__ import annotations

import base64
import gzip
import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate.tokens import Scope
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import query

TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}
_strains = count(1)
_BASES = bytes(b"ACGT"[byte % 4] for byte in range(256))


def fastq(mate: int, reads: int = 200, seed: int = 1) -> bytes:
    """Reads of one file, unpacked."""
    letters = random.Random(seed * 10 + mate)
    return b"".join(
        b"@run%d.%d/%d\n%s\n+\n%s\n"
        % (seed, number, mate, letters.randbytes(100).translate(_BASES), b"I" * 100)
        for number in range(1, reads + 1)
    )


def packed(mate: int, reads: int = 200, seed: int = 1) -> bytes:
    """Reads of one file, packed."""
    return gzip.compress(fastq(mate, reads, seed), 1, mtime=0)


def metadata(**values: str) -> str:
    return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in values.items())


@dataclass
class Uploader:
    """A user with a browser: JSON for the pair, tus for its files."""

    client: Client

    def announce(self, status: int = 201, **given: Any) -> Any:
        """Announce a pair with the files r_1.fastq.gz and r_2.fastq.gz."""
        wanted = {
            "database": "senterica",
            "strain": f"uploaded {next(_strains)}",
            "read1": "r_1.fastq.gz",
            "read2": "r_2.fastq.gz",
        }
        return self.client.post(f"{ROOT}/uploads", wanted | given, status)

    def pair(self, upload: int) -> Any:
        return self.client.get(f"{ROOT}/uploads/{upload}")

    def file(self, url: str) -> Any:
        return self.client.get(url)

    def ask(self, method: str, url: str, status: int, headers: dict[str, str], data: bytes = b"") -> Any:
        """Send what tus sends; the answer."""
        return self.client.call(method, url, status, headers=TUS | headers, data=data)

    def create(self, pair: Any, name: str, length: int, status: int = 201, **said: str) -> str:
        """Create a file; its address."""
        headers = {"Upload-Length": str(length), "Upload-Metadata": metadata(filename=name, **said)}
        answer = self.ask("POST", pair["files_url"], status, headers)
        return str(answer.headers.get("Location", ""))

    def send(self, url: str, data: bytes, offset: int = 0, status: int = 204, **more: str) -> Any:
        """Send bytes; the answer."""
        return self.ask("PATCH", url, status, BYTES | {"Upload-Offset": str(offset)} | more, data)

    def upload(self, pair: Any, mate: int, data: bytes, status: int = 204, **said: str) -> str:
        """Create a file and send it as a whole; its address."""
        url = self.create(pair, f"r_{mate}.fastq.gz", len(data), **said)
        self.send(url, data, status=status)
        return url

    def offset(self, url: str) -> int:
        """How far a file is, as HEAD says; ends whoever writes it."""
        answer = self.ask("HEAD", url, 200, {})
        return int(answer.headers["Upload-Offset"])


@pytest.fixture
def user(client: Callable[..., Client], senterica: str) -> Iterator[Uploader]:
    """A user of their own; what they send is cancelled in the end."""
    yield (uploader := Uploader(client(Scope.UPLOADS_SEND, Scope.JOBS_READ)))
    live = "SELECT id FROM crobot.jobs WHERE user_id = :user AND finished_at IS NULL"
    cancel_each(row.id for row in query(live, user=uploader.client.user))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
