"""What the archive says of a run in a table with tabs: the names of its files and their MD5 sums."""

from __future__ import annotations

import re
from collections.abc import Callable

import requests

from workers.short_reads.archive_url import without_password

TIMEOUTS_S = (10.0, 60.0)
FILES, SUMS = "fastq_ftp", "fastq_md5"
MD5 = re.compile(r"[0-9a-fA-F]{32}")


def md5_sums(url: str, log: Callable[[str], None]) -> dict[str, str]:
    """Return the name of each file → its MD5 sum; nothing if the archive does not answer."""
    try:
        answer = requests.get(url, timeout=TIMEOUTS_S)
        answer.raise_for_status()
    except requests.RequestException as error:
        log(f"the archive's report {without_password(url)} cannot be had: {type(error).__name__}")
        return {}
    return parse(answer.text)


def parse(text: str) -> dict[str, str]:
    """Read a report; several files of a run stand in one cell, with semicolons between them."""
    header, *lines = [line.split("\t") for line in text.splitlines() if line.strip()] or [[]]
    found: dict[str, str] = {}
    for line in lines:
        row = dict(zip(header, line, strict=False))
        files, sums = (row.get(column, "").split(";") for column in (FILES, SUMS))
        for file, md5 in zip(files, sums, strict=False):
            if MD5.fullmatch(md5.strip()):
                found[file.strip().rpartition("/")[2]] = md5.strip().lower()
    return found
