"""Complete genomes that Debian packages carry as examples; the packages are only downloaded."""

from __future__ import annotations

import gzip
import lzma
import subprocess
from pathlib import Path

import pytest

_UNPACKED = {".gz": gzip.decompress, ".xz": lzma.decompress}


def genome(pytestconfig: pytest.Config, package: str, member: str) -> Path:
    """A packed genome out of a package, unpacked; ``member`` is its path below usr/share/doc."""
    folder = pytestconfig.cache.mkdir("truth-data")
    packed = Path(member)
    path = folder / packed.stem
    if not path.exists():
        if not any(folder.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        (archive,) = folder.glob(f"{package}_*.deb")
        subprocess.run(["dpkg", "--extract", archive, folder / package], check=True)
        content = (folder / package / "usr/share/doc" / packed).read_bytes()
        path.write_bytes(_UNPACKED[packed.suffix](content))
    return path
