"""Genomes and published alleles that Debian packages carry; the packages are only downloaded."""

from __future__ import annotations

import gzip
import lzma
import subprocess
from pathlib import Path

import pytest

_UNPACKED = {".gz": gzip.decompress, ".xz": lzma.decompress}


def genome(pytestconfig: pytest.Config, package: str, member: str) -> Path:
    """A packed genome out of a package, unpacked; ``member`` is its path below usr/share/doc."""
    packed = Path(member)
    path = _folder(pytestconfig) / packed.stem
    if not path.exists():
        content = file(pytestconfig, package, f"usr/share/doc/{member}").read_bytes()
        path.write_bytes(_UNPACKED[packed.suffix](content))
    return path


def file(pytestconfig: pytest.Config, package: str, member: str) -> Path:
    """A file out of a package, as it is there."""
    folder = _folder(pytestconfig)
    path = folder / package / member
    if not path.exists():
        if not any(folder.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "--extract", archive, folder / package], check=True)
    return path


def _folder(pytestconfig: pytest.Config) -> Path:
    return pytestconfig.cache.mkdir("truth-data")
