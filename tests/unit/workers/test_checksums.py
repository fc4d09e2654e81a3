"""Checksums of inputs: those of sha256sum, each file once, and none for nobody."""

from __future__ import annotations

import subprocess
from pathlib import Path
from threading import Event

import pytest

from workers.checksums import Checksums, Stopped, checksum


def test_a_checksum_is_that_of_sha256sum(tmp_path: Path) -> None:
    path = tmp_path / "reads.fastq"
    path.write_bytes(b"ACGT\r\n" * 400_000)
    said = subprocess.run(["sha256sum", str(path)], check=True, capture_output=True, text=True).stdout
    assert checksum(path) == {"sha256": said.split()[0], "bytes": path.stat().st_size}


def test_each_name_is_read_once_and_what_cannot_be_read_is_logged(tmp_path: Path) -> None:
    said: list[str] = []
    sums = Checksums(said.append)
    (tmp_path / "a").write_text("first")
    sums.add("a", tmp_path / "a")
    before = sums.all()
    (tmp_path / "a").write_text("changed")
    sums.add("a", tmp_path / "a")
    sums.add("b", tmp_path / "b")
    assert sums.all() == before
    assert len(said) == 1
    assert said[0].startswith("no checksum of b: ")
    sums.close()


def test_nobody_waits_for_what_is_not_wanted_any_more(tmp_path: Path) -> None:
    path, stop = tmp_path / "large", Event()
    path.write_bytes(b"x" * 2**21)
    stop.set()
    with pytest.raises(Stopped):
        checksum(path, stop)
