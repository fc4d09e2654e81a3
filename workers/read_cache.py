"""The reads that a node has fetched: kept until their room is needed, and locked while somebody fetches them."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crobot_errors import DiskFull
from workers import storage

MATES = (1, 2)
#: locks are files that stay; this many serve for all accessions
LOCKS = 256
#: what file systems answer where a file cannot be linked, but can be copied
NO_LINK = frozenset({errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS})


@dataclass
class ReadCache:
    """A folder of files that are called by a run's accession and a mate."""

    folder: Path
    most_bytes: int
    log: Callable[[str], None]

    @contextmanager
    def lock(self, accession: str, flags: int = 0) -> Iterator[None]:
        """Hold an accession's lock; the kernel frees it when the process dies."""
        with (self.folder / f"lock.{zlib.crc32(accession.encode()) % LOCKS}").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX | flags)
            yield

    def path(self, accession: str, mate: int) -> Path:
        """Where a file is, or will be."""
        return self.folder / f"{accession}_{mate}.fastq.gz"

    def give(self, path: Path, into: Path) -> Path:
        """Put a file into a folder, where eviction no longer touches it: a link, or a copy where that cannot be.

        Raises: DiskFull.
        """
        given = into / path.name
        try:
            os.link(path, given)
        except OSError as error:
            if error.errno not in NO_LINK:
                raise
            self._copy(path, given)
        return given

    def _copy(self, path: Path, given: Path) -> None:
        try:
            shutil.copyfile(path, given)
        except OSError as error:
            given.unlink(missing_ok=True)
            if error.errno not in storage.FULL:
                raise
            raise DiskFull(
                f"{given} does not fit on its disk, a copy from the cache {self.folder}"
            ) from error

    def evict(self, keep: str) -> None:
        """Remove what was not used for longest until the cache is small enough; what is in use is let be."""
        runs = self._runs()
        total = sum(_size(path) for paths in runs.values() for path in paths)
        for accession, paths in runs.items():
            if total <= self.most_bytes:
                return
            if accession != keep:
                total -= self._forget(accession, paths)

    def make_room(self, where: Path, keep: str = "") -> bool:
        """Remove the run that was not used for longest, if it is on the disk of ``where``; false if there is none.

        A file that is linked from an attempt frees nothing; it goes when the cache grows too large.
        """
        if where.stat().st_dev != self.folder.stat().st_dev:
            return False
        return any(
            self._forget(accession, paths) > 0
            for accession, paths in self._runs().items()
            if accession != keep and any(map(_own_bytes, paths))
        )

    def _runs(self) -> dict[str, list[Path]]:
        """The files of each accession, also unfinished ones; first what was not used for longest."""
        runs: dict[str, list[Path]] = {}
        for path in self.folder.glob("*.fastq.gz*"):
            runs.setdefault(path.name.partition("_")[0], []).append(path)
        return dict(sorted(runs.items(), key=lambda run: max(map(_used_at, run[1]))))

    def _forget(self, accession: str, paths: list[Path]) -> int:
        """Remove a run's files unless somebody fetches them now; how many bytes the cache has less."""
        try:
            with self.lock(accession, fcntl.LOCK_NB):
                freed = sum(map(_size, paths))
                for path in paths:
                    path.unlink(missing_ok=True)
        except BlockingIOError:
            return 0
        self.log(f"{accession} was removed from the cache ({freed / 1e6:.0f} MB)")
        return freed


def cached(folder: Path) -> list[str]:
    """The accessions whose reads are in the cache, those used last first."""
    used: dict[str, float] = {}
    for path in folder.glob(f"*_{MATES[-1]}.fastq.gz"):
        with suppress(FileNotFoundError):  # evicted meanwhile
            used[path.name.partition("_")[0]] = path.stat().st_mtime
    return sorted(used, key=lambda accession: used[accession], reverse=True)


def _size(path: Path) -> int:
    # another attempt may have removed it by now
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _own_bytes(path: Path) -> int:
    """Bytes that are free once the file is gone from here."""
    with suppress(FileNotFoundError):
        found = path.stat()
        return found.st_size if found.st_nlink == 1 else 0
    return 0


def _used_at(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0
