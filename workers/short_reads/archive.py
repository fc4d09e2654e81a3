"""The sequence archive: a run accession becomes two read files, fetched once per node and kept in a cache."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crobot_errors import BadInput, DiskFull, NodeBroken, NotInArchive, ToolError
from workers import storage
from workers.read_cache import MATES, ReadCache
from workers.short_reads.archive_report import md5_sums
from workers.short_reads.archive_url import address, checked_template, single_address, without_password
from workers.short_reads.download import Download, exists
from workers.short_reads.reads import ReadPair, checked_accession


@dataclass
class Archive:
    """Fetches runs from addresses that `archive_url` makes of a template."""

    url: str
    cache: ReadCache
    log: Callable[[str], None]
    deadline: float
    #: template of the address of the archive's report on a run; empty if there is none
    report_url: str = ""

    def fetch(self, accession: str, into: Path) -> ReadPair:
        """Link the reads of a run into a directory, where eviction from the cache no longer touches them.

        Raises: BadAccession, ToolError, NodeBroken, DiskFull, TimeLimit.
        """
        checked_accession(accession)
        if not self.url:
            raise NodeBroken(
                f"{accession} cannot be fetched: no archive is configured on this node (archive_url)"
            )
        self._check_url()
        with self.cache.lock(accession):
            cached = [self._cached(accession, mate) for mate in MATES]
            given = [self.cache.give(path, into) for path in cached]
        self.cache.evict(keep=accession)
        return ReadPair(*given)

    def _check_url(self) -> None:
        try:
            checked_template(self.url, "archive_url")
        except BadInput as error:
            raise NodeBroken(str(error)) from error

    def _cached(self, accession: str, mate: int) -> Path:
        path = self.cache.path(accession, mate)
        if path.exists():
            # the time of use, by which the cache forgets
            path.touch()
            self.log(f"{path.name} is in the cache")
            return path
        url = address(self.url, accession, mate)
        self.log(f"fetching {path.name}")
        download = Download(url, path, self.log, self.deadline, self._md5(accession, url))
        try:
            return self._fetched(download, accession)
        except NotInArchive as error:
            unpaired = self._unpaired(accession, mate)
            if unpaired is None:
                raise
            raise unpaired from error

    def _fetched(self, download: Download, accession: str) -> Path:
        """Fetch a file; while the disk is full, forget runs that nobody uses, and go on."""
        while True:
            try:
                return download.run()
            except OSError as error:
                if error.errno not in storage.FULL:
                    raise
                if not self.cache.make_room(self.cache.folder, keep=accession):
                    download.part.unlink(missing_ok=True)
                    raise DiskFull(
                        f"{download.path} does not fit on its disk, and the cache holds no other run that nobody uses"
                    ) from error

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
