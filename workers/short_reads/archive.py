"""The sequence archive: a run accession becomes two read files, fetched once per node and kept in a cache."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crobot_errors import NodeBroken
from workers.short_reads.download import Download
from workers.short_reads.reads import ReadPair, checked_accession

MATES = (1, 2)
#: locks are files that stay; this many serve for all accessions
LOCKS = 256


@dataclass
class Archive:
    """Fetches runs from addresses made of a template with {accession} and {mate}."""

    url: str
    cache_dir: Path
    cache_bytes: int
    log: Callable[[str], None]
    deadline: float

    def fetch(self, accession: str, into: Path) -> ReadPair:
        """Link the reads of a run into a directory, where eviction from the cache no longer touches them.

        Raises: BadAccession, ToolError, NodeBroken, TimeLimit.
        """
        checked_accession(accession)
        if not self.url:
            raise NodeBroken(
                f"{accession} cannot be fetched: no archive is configured on this node (archive_url)"
            )
        with _lock(self.cache_dir, accession):
            cached = [self._cached(accession, mate) for mate in MATES]
            linked = [into / path.name for path in cached]
            for path, link in zip(cached, linked, strict=True):
                os.link(path, link)
        self._evict(keep=accession)
        return ReadPair(*linked)

    def _cached(self, accession: str, mate: int) -> Path:
        path = self.cache_dir / f"{accession}_{mate}.fastq.gz"
        if path.exists():
            # the time of use, by which the cache forgets
            os.utime(path)
            self.log(f"{path.name} is in the cache")
            return path
        url = self.url.format(accession=accession, mate=mate)
        self.log(f"fetching {path.name}")
        return Download(url, path, self.log, self.deadline).run()

    def _evict(self, keep: str) -> None:
        """Remove what was not used for longest until the cache is small enough; what is in use is let be."""
        runs: dict[str, list[Path]] = {}
        for path in self.cache_dir.glob("*.fastq.gz*"):
            runs.setdefault(path.name.partition("_")[0], []).append(path)
        total = sum(_size(path) for paths in runs.values() for path in paths)
        for accession in sorted(runs, key=lambda run: max(map(_used_at, runs[run]))):
            if total <= self.cache_bytes:
                return
            if accession != keep:
                total -= self._forget(accession, runs[accession])

    def _forget(self, accession: str, paths: list[Path]) -> int:
        """Remove a run's files unless somebody fetches them now; how many bytes that freed."""
        try:
            with _lock(self.cache_dir, accession, fcntl.LOCK_NB):
                freed = sum(map(_size, paths))
                for path in paths:
                    path.unlink(missing_ok=True)
        except BlockingIOError:
            return 0
        self.log(f"{accession} was removed from the cache ({freed / 1e6:.0f} MB)")
        return freed


def cached(cache_dir: Path) -> list[str]:
    """The accessions whose reads are in the cache, those used last first."""
    last = MATES[-1]
    used: dict[str, float] = {}
    for path in cache_dir.glob(f"*_{last}.fastq.gz"):
        with suppress(FileNotFoundError):  # evicted meanwhile
            used[path.name.partition("_")[0]] = path.stat().st_mtime
    return sorted(used, key=lambda accession: used[accession], reverse=True)


@contextmanager
def _lock(cache_dir: Path, accession: str, flags: int = 0) -> Iterator[None]:
    """Hold an accession's lock; the kernel frees it when the process dies."""
    with (cache_dir / f"lock.{zlib.crc32(accession.encode()) % LOCKS}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | flags)
        yield


def _size(path: Path) -> int:
    # another attempt may have removed it by now
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def _used_at(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0
