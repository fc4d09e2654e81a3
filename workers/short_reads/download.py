"""Fetching one file over HTTP: resumed after a cut, checked in full, and only then under its final name."""

from __future__ import annotations

import gzip
import hashlib
import re
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import RawIOBase
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from crobot_errors import NodeBroken, NotInArchive, TimeLimit
from workers.short_reads.archive_url import without_password

CHUNK_BYTES = 2**20
#: seconds to connect, and seconds of silence, until a connection is given up
TIMEOUTS_S = (10.0, 60.0)
#: seconds before each new try; after the last one, without a byte gained in between, we give up
PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0)
#: answers that may be different next time
TRY_AGAIN = {408, 425, 429, *range(500, 600)}
HEADERS = {"Accept-Encoding": "identity"}


class _Cut(Exception):  # noqa: N818
    """The connection ended early, or the server was busy: try again from where we are."""


@dataclass
class Download:
    """One file on its way from ``url`` to ``path``."""

    url: str
    path: Path
    log: Callable[[str], None]
    #: point of ``time.monotonic`` at which the attempt must be over
    deadline: float
    #: the file's MD5 sum, if the archive has said it; else it is looked for beside the file
    md5: str = ""
    pauses_s: Sequence[float] = field(default_factory=lambda: PAUSES_S)

    def __post_init__(self) -> None:
        self.part = self.path.with_name(self.path.name + ".part")

    def run(self) -> Path:
        """Fetch, check and name the file.

        Raises: NotInArchive if the archive does not have it; NodeBroken if it does not answer or sends rubbish.
        """
        with requests.Session() as session:
            self._fetch(session)
            self._check(session)
        self.part.replace(self.path)
        return self.path

    def _fetch(self, session: requests.Session) -> None:
        """Go on after each cut; only tries that bring nothing are counted."""
        tries = 0
        while True:
            before = self._have()
            try:
                return self._fetch_rest(session, before)
            except (requests.RequestException, HTTPError, _Cut) as error:
                tries = 1 if self._have() > before else tries + 1
                if tries > len(self.pauses_s):
                    raise NodeBroken(f"the archive does not deliver {self._shown}: {error}") from error
                self.log(f"{self._shown} was cut after {self._have()} bytes ({error}); trying again")
            self._pause(self.pauses_s[tries - 1])

    def _fetch_rest(self, session: requests.Session, have: int) -> None:
        headers = HEADERS | ({"Range": f"bytes={have}-"} if have else {})
        with session.get(self.url, headers=headers, stream=True, timeout=TIMEOUTS_S) as response:
            if have and self._is_unusable_part(response, have):
                self.part.unlink()
                raise _Cut("the part that was here does not fit")
            self._check_status(response)
            total = _total_bytes(response)
            # what has arrived is on disk at once, so that it need not be fetched again whatever ends us
            with self.part.open("ab" if response.status_code == 206 else "wb", buffering=0) as file:
                while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
                    _write_all(file, chunk)
                    self._check_deadline()
        if total is not None and self._have() != total:
            raise _Cut(f"{self._have()} of {total} bytes")

    def _is_unusable_part(self, response: requests.Response, have: int) -> bool:
        """Whether the server has no more bytes after ours, or others than those we asked for."""
        if response.status_code == 206:
            return not response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        return response.status_code == 416

    def _check_status(self, response: requests.Response) -> None:
        if response.status_code in TRY_AGAIN:
            raise _Cut(f"it answers {response.status_code}")
        if not response.ok:
            raise NotInArchive(
                f"the archive has no {self.path.name}: {self._shown} answers {response.status_code}"
            )

    def _check(self, session: requests.Session) -> None:
        """Check against the archive's MD5 sum if it has one; else read the compressed file through."""
        expected = self.md5 or self._expected_md5(session)
        problem = _md5_problem(self.part, expected) if expected else _gzip_problem(self.part)
        if problem:
            # what is wrong must not be gone on with
            self.part.unlink()
            raise NodeBroken(f"what the archive sent for {self._shown} is damaged: {problem}")

    def _expected_md5(self, session: requests.Session) -> str:
        try:
            answer = session.get(f"{self.url}.md5", headers=HEADERS, timeout=TIMEOUTS_S)
        except requests.RequestException:
            return ""
        found = re.search(r"\b[0-9a-fA-F]{32}\b", answer.text) if answer.ok else None
        return found.group().lower() if found else ""

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _pause(self, seconds: float) -> None:
        self._check_deadline()
        time.sleep(seconds)

    def _check_deadline(self) -> None:
        if time.monotonic() > self.deadline:
            raise TimeLimit(f"the attempt's time is used up while it fetches {self._shown}")

    @property
    def _shown(self) -> str:
        return without_password(self.url)


def _write_all(file: RawIOBase, chunk: bytes) -> None:
    """Write without a buffer, which may take several calls on a disk that is nearly full."""
    rest = memoryview(chunk)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def exists(url: str) -> bool:
    """Tell whether an archive has a file; it is not fetched."""
    try:
        with requests.get(url, headers=HEADERS, stream=True, timeout=TIMEOUTS_S) as response:
            return response.ok
    except requests.RequestException:
        return False


def _total_bytes(response: requests.Response) -> int | None:
    """Size of the whole file, if the server says it."""
    if response.status_code == 206:
        total = response.headers["Content-Range"].rpartition("/")[2]
        return int(total) if total.isdigit() else None
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() else None


def _md5_problem(path: Path, expected: str) -> str:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "md5").hexdigest()
    return "" if found == expected else f"its MD5 sum is {found} instead of {expected}"


def _gzip_problem(path: Path) -> str:
    try:
        with gzip.open(path) as packed:
            while packed.read(CHUNK_BYTES):
                pass
    except (EOFError, OSError, zlib.error) as error:
        return str(error)
    return ""
