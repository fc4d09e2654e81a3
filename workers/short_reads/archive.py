"""The sequence archive: a run accession becomes two read files, fetched once per node and kept in a cache."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from crobot_errors import BadInput, NodeBroken, NotInArchive, ToolError
from workers.short_reads.archive_report import md5_sums
from workers.short_reads.archive_url import address, checked_template, single_address, without_password
from workers.short_reads.download import Download, exists
from workers.short_reads.reads import ReadPair, checked_accession

MATES = (1, 2)
#: locks are files that stay; this many serve for all accessions
LOCKS = 256


@dataclass
class Archive:
    """Fetches runs from addresses that `archive_url` makes of a template."""

    url: str
    cache_dir: Path
    cache_bytes: int
    log: Callable[[str], None]
    deadline: float
    #: template of the address of the archive's report on a run; empty if there is none
    report_url: str = ""

    def fetch(self, accession: str, into: Path) -> ReadPair:
        """Link the reads of a run into a directory, where eviction from the cache no longer touches them.

        Raises: BadAccession, ToolError, NodeBroken, TimeLimit.
        """
        checked_accession(accession)
        if not self.url:
            raise NodeBroken(
                f"{accession} cannot be fetched: no archive is configured on this node (archive_url)"
            )
        self._check_url()
        with _lock(self.cache_dir, accession):
            cached = [self._cached(accession, mate) for mate in MATES]
            linked = [into / path.name for path in cached]
            for path, link in zip(cached, linked, strict=True):
                os.link(path, link)
        self._evict(keep=accession)
        return ReadPair(*linked)

    def _check_url(self) -> None:
        try:
            checked_template(self.url, "archive_url")
        except BadInput as error:
            raise NodeBroken(str(error)) from error

    def _cached(self, accession: str, mate: int) -> Path:
        path = self.cache_dir / f"{accession}_{mate}.fastq.gz"
        if path.exists():
            # the time of use, by which the cache forgets
            os.utime(path)
            self.log(f"{path.name} is in the cache")
            return path
        url = address(self.url, accession, mate)
        self.log(f"fetching {path.name}")
        try:
            return Download(url, path, self.log, self.deadline, self._md5(accession, url)).run()
        except NotInArchive as error:
            unpaired = self._unpaired(accession, mate)
            if unpaired is None:
                raise
            raise unpaired from error

    def _md5(self, accession: str, url: str) -> str:
        """The sum that the archive's report gives, if it has one."""
        if not self.report_url:
            return ""
        sums = md5_sums(address(self.report_url, accession), self.log)
        return sums.get(url.rpartition("/")[2], "")

    def _unpaired(self, accession: str, mate: int) -> ToolError | None:
        """Say of a run that has one file where there should be two that it is of single reads."""
        if mate == MATES[-1]:
            return ToolError(
                f"the archive has the first reads of {accession} only, and no file of their mates: "
                "assemblies are made from paired reads"
            )
        url = single_address(self.url, accession)
        if not url or not exists(url):
            return None
        return ToolError(
            f"{accession} is a run of single reads: the archive has one file, {without_password(url)}; "
            "assemblies are made from paired reads"
        )

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
