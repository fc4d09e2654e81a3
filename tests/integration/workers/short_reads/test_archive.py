"""Fetching runs from a real HTTP server that cuts, lies and vanishes."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crobot_errors import BadAccession, NodeBroken, TimeLimit, ToolError
from tests.archive_server import Behaviour, serving
from workers.read_cache import ReadCache
from workers.short_reads import download
from workers.short_reads.archive import Archive
from workers.short_reads.reads import ReadPair

RUN = "ERR123456"
Make = Callable[..., Archive]


def add_run(files: Path, accession: str, size: int = 300_000) -> None:
    """Two files that do not shrink when they are packed."""
    for mate in (1, 2):
        content = random.Random(f"{accession}{mate}").randbytes(size)
        (files / f"{accession}_{mate}.fastq.gz").write_bytes(gzip.compress(content, 1))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Behaviour]:
    files = tmp_path / "files"
    files.mkdir()
    add_run(files, RUN)
    with serving(files) as behaviour:
        yield behaviour


@pytest.fixture
def make(tmp_path: Path, server: Behaviour, monkeypatch: pytest.MonkeyPatch) -> Make:
    """The archive as an attempt sees it; without the long pauses."""
    monkeypatch.setattr(download, "PAUSES_S", (0.01, 0.01, 0.01))
    (tmp_path / "cache").mkdir()

    def note(text: str) -> None:
        with (tmp_path / "log").open("a") as log:
            print(text, file=log)

    def archive(cache_bytes: int = 10**9, time_s: float = 60, url: str | None = None) -> Archive:
        deadline = time.monotonic() + time_s
        where = server.url if url is None else url
        return Archive(where, ReadCache(tmp_path / "cache", cache_bytes, note), note, deadline)

    return archive


def fetch(archive: Archive, tmp_path: Path, accession: str = RUN) -> ReadPair:
    into = tmp_path / f"into{len(list(tmp_path.iterdir()))}"
    into.mkdir()
    return archive.fetch(accession, into)


def assert_whole(pair: ReadPair, server: Behaviour) -> None:
    for path in (pair.read1, pair.read2):
        assert path.read_bytes() == (server.files / path.name).read_bytes()


def test_a_run_is_fetched_once_and_then_comes_from_the_cache(
    make: Make, server: Behaviour, tmp_path: Path
) -> None:
    for _ in range(2):
        assert_whole(fetch(make(), tmp_path), server)
    assert server.requests == [(f"{RUN}_1.fastq.gz", ""), (f"{RUN}_2.fastq.gz", "")]
    assert "is in the cache" in (tmp_path / "log").read_text()


def test_a_cut_connection_is_gone_on_with_where_it_was_cut(
    make: Make, server: Behaviour, tmp_path: Path
) -> None:
    server.cuts = [1000, 50_000, 1]
    assert_whole(fetch(make(), tmp_path), server)
    assert [asked for _, asked in server.requests] == ["", "bytes=1000-", "bytes=51000-", "bytes=51001-", ""]


def test_a_server_without_ranges_sends_all_again(make: Make, server: Behaviour, tmp_path: Path) -> None:
    server.cuts, server.ranges = [1000], False
    assert_whole(fetch(make(), tmp_path), server)


def test_a_part_that_a_dead_attempt_left_is_gone_on_with(
    make: Make, server: Behaviour, tmp_path: Path
) -> None:
    name = f"{RUN}_1.fastq.gz"
    (tmp_path / "cache" / f"{name}.part").write_bytes((server.files / name).read_bytes()[:2000])
    assert_whole(fetch(make(), tmp_path), server)
    assert server.requests[0] == (name, "bytes=2000-")


@pytest.mark.parametrize("extra", [0, 10])
def test_a_part_with_nothing_left_to_fetch_is_fetched_anew(
    make: Make, server: Behaviour, tmp_path: Path, extra: int
) -> None:
    name = f"{RUN}_1.fastq.gz"
    content = (server.files / name).read_bytes()
    (tmp_path / "cache" / f"{name}.part").write_bytes(content + b"x" * extra)
    assert_whole(fetch(make(), tmp_path), server)


def test_a_busy_server_is_asked_again(make: Make, server: Behaviour, tmp_path: Path) -> None:
    server.statuses = [503, 429, 500]
    assert_whole(fetch(make(), tmp_path), server)


def test_a_server_that_stays_busy_is_the_nodes_trouble(make: Make, server: Behaviour, tmp_path: Path) -> None:
    server.statuses = [503] * 9
    with pytest.raises(NodeBroken, match="does not deliver .*it answers 503"):
        fetch(make(), tmp_path)


def test_a_run_that_the_archive_does_not_have_is_final(make: Make, server: Behaviour, tmp_path: Path) -> None:
    with pytest.raises(
        ToolError, match=r"no ERR999999_1.fastq.gz: http://127.0.0.1:\d+/ERR999999_1.fastq.gz"
    ):
        fetch(make(), tmp_path, "ERR999999")


ENA = "vol1/{folder}/{accession}/{accession}_{mate}.fastq.gz"


@pytest.mark.parametrize(
    ("accession", "folder"),
    [
        ("ERR123456", "ERR123"),
        ("SRR1234567", "SRR123/007"),
        ("DRR12345678", "DRR123/078"),
        ("ERR123456789", "ERR123/789"),
    ],
)
def test_runs_are_found_in_the_folders_of_public_archives(
    make: Make, server: Behaviour, tmp_path: Path, accession: str, folder: str
) -> None:
    path = server.files / "vol1" / folder / accession
    path.mkdir(parents=True)
    add_run(path, accession)
    pair = fetch(make(url=server.root + ENA), tmp_path, accession)
    assert pair.read2.read_bytes() == (path / f"{accession}_2.fastq.gz").read_bytes()


def test_a_run_of_single_reads_is_called_so(make: Make, server: Behaviour, tmp_path: Path) -> None:
    (server.files / f"{RUN}_1.fastq.gz").rename(server.files / f"{RUN}.fastq.gz")
    with pytest.raises(ToolError, match=rf"{RUN} is a run of single reads: .*/{RUN}.fastq.gz; .*paired"):
        fetch(make(), tmp_path)


def test_a_run_without_its_second_file_is_called_so(make: Make, server: Behaviour, tmp_path: Path) -> None:
    (server.files / f"{RUN}_2.fastq.gz").unlink()
    with pytest.raises(ToolError, match=f"has the first reads of {RUN} only"):
        fetch(make(), tmp_path)


def test_the_sums_of_the_archives_report_are_checked(make: Make, server: Behaviour, tmp_path: Path) -> None:
    sums = [
        hashlib.md5((server.files / f"{RUN}_{mate}.fastq.gz").read_bytes()).hexdigest()  # noqa: S324
        for mate in (1, 2)
    ]
    report = server.files / f"report?run={RUN}"
    names = ";".join(f"ftp.example.org/{RUN}/{RUN}_{mate}.fastq.gz" for mate in (1, 2))
    report.write_text(f"run_accession\tfastq_ftp\tfastq_md5\n{RUN}\t{names}\t{sums[0]};{'0' * 32}\n")
    archive = make()
    archive.report_url = server.root + "report?run={accession}"
    with pytest.raises(
        NodeBroken, match=rf"{RUN}_2.fastq.gz is damaged: its MD5 sum is {sums[1]} instead of 000"
    ):
        fetch(archive, tmp_path)
    report.write_text(report.read_text().replace("0" * 32, sums[1]))
    assert_whole(fetch(archive, tmp_path), server)
    assert (tmp_path / "cache" / f"{RUN}_1.fastq.gz").exists()


def test_without_a_report_the_file_is_read_through(make: Make, server: Behaviour, tmp_path: Path) -> None:
    archive = make()
    archive.report_url = server.root + "report?run={accession}"
    assert_whole(fetch(archive, tmp_path), server)
    assert "report" in (tmp_path / "log").read_text()


def test_an_archive_that_is_not_there_is_the_nodes_trouble(make: Make, tmp_path: Path) -> None:
    url = "http://user:secret@127.0.0.1:1/{accession}_{mate}.fastq.gz"
    with pytest.raises(NodeBroken, match=r"does not deliver http://127.0.0.1:1/ERR123456_1") as caught:
        fetch(make(url=url), tmp_path)
    assert "secret" not in str(caught.value)


def test_no_archive_at_all_is_said(make: Make, tmp_path: Path) -> None:
    with pytest.raises(NodeBroken, match="no archive is configured"):
        fetch(make(url=""), tmp_path)


@pytest.mark.parametrize("accession", ["../ERR123456", "ERR123456;id", "ERR12"])
def test_only_accessions_are_fetched(make: Make, server: Behaviour, tmp_path: Path, accession: str) -> None:
    with pytest.raises(BadAccession):
        fetch(make(), tmp_path, accession)
    assert server.requests == []


def test_a_right_md5_is_accepted(make: Make, server: Behaviour, tmp_path: Path) -> None:
    server.md5 = ""
    assert_whole(fetch(make(), tmp_path), server)


def test_a_wrong_md5_is_refused_and_nothing_is_kept(make: Make, server: Behaviour, tmp_path: Path) -> None:
    server.md5 = "0" * 32
    with pytest.raises(NodeBroken, match=r"is damaged: its MD5 sum is \w+ instead of 0000"):
        fetch(make(), tmp_path)
    assert list((tmp_path / "cache").glob("*.gz*")) == []


def test_without_md5_the_compressed_file_is_read_through(
    make: Make, server: Behaviour, tmp_path: Path
) -> None:
    path = server.files / f"{RUN}_2.fastq.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(NodeBroken, match=r"_2.fastq.gz is damaged: Compressed file ended"):
        fetch(make(), tmp_path)


def test_fetching_ends_at_the_deadline(make: Make, server: Behaviour, tmp_path: Path) -> None:
    with pytest.raises(TimeLimit, match="time is used up"):
        fetch(make(time_s=-1), tmp_path)


def test_attempts_at_the_same_run_fetch_it_once(make: Make, server: Behaviour, tmp_path: Path) -> None:
    archives = [make() for _ in range(4)]
    for number in range(4):
        (tmp_path / f"in{number}").mkdir()
    threads = [
        threading.Thread(target=archive.fetch, args=(RUN, tmp_path / f"in{number}"))
        for number, archive in enumerate(archives)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 2
    assert len(list(tmp_path.glob("in?/*.gz"))) == 8


FETCH = """
import sys, time
from pathlib import Path
from workers.read_cache import ReadCache
from workers.short_reads.archive import Archive
url, cache, *runs = sys.argv[1:]
for run in runs:
    into = Path(cache).parent / run
    into.mkdir()
    Archive(url, ReadCache(Path(cache), 10**9, print), print, time.monotonic() + 60).fetch(run, into)
print(sorted(path.name for path in Path(cache).iterdir() if not path.name.startswith("lock")))
"""


def fetch_with_small_cache(server: Behaviour, tmp_path: Path, *runs: str) -> subprocess.CompletedProcess[str]:
    """Fetch runs, one after the other, into a cache of 1 MB that is a file system of its own."""
    (tmp_path / "small").mkdir()
    mount = f'mount -t tmpfs -o size=1m none "{tmp_path}/small" && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    command = [*namespace, sys.executable, "-c", FETCH, server.url, str(tmp_path / "small"), *runs]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_full_disk_forgets_runs_that_nobody_uses_and_copies_where_it_cannot_link(
    server: Behaviour, tmp_path: Path
) -> None:
    runs = ["ERR000001", "ERR000002", "ERR000003"]
    for run in runs:
        add_run(server.files, run)
    ended = fetch_with_small_cache(server, tmp_path, *runs)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("was removed from the cache") == 2
    assert ended.stdout.splitlines()[-1] == "['ERR000003_1.fastq.gz', 'ERR000003_2.fastq.gz']"
    for run in runs:
        assert_whole(ReadPair(*(tmp_path / run / f"{run}_{mate}.fastq.gz" for mate in (1, 2))), server)


def test_a_run_that_never_fits_leaves_nothing_and_names_the_folder(server: Behaviour, tmp_path: Path) -> None:
    add_run(server.files, "ERR000001", size=1_500_000)
    ended = fetch_with_small_cache(server, tmp_path, "ERR000001")
    assert f"DiskFull: {tmp_path}/small/ERR000001_1.fastq.gz does not fit on its disk" in ended.stderr


def test_only_runs_that_no_attempt_uses_make_room(make: Make, server: Behaviour, tmp_path: Path) -> None:
    runs = ["ERR000001", "ERR000002", "ERR000003"]
    for age, run in enumerate(runs):
        add_run(server.files, run)
        pair = fetch(make(), tmp_path, run)
        for path in (pair.read1, pair.read2):
            os.utime(path, (1000 + age, 1000 + age))
            if run != "ERR000001":
                path.unlink()
    cache = make().cache
    part = cache.folder / "ERR000009_1.fastq.gz.part"
    part.write_bytes(b"x")
    os.utime(part, (1, 1))
    with cache.lock("ERR000002"):
        made = [cache.make_room(tmp_path, keep="ERR000007") for _ in range(3)]
    assert made == [True, True, False]
    kept = {path.name.partition("_")[0] for path in cache.folder.glob("ERR*")}
    assert kept == {"ERR000001", "ERR000002"}


def test_what_has_arrived_is_on_disk_at_once(make: Make, server: Behaviour, tmp_path: Path) -> None:
    server.stall_after = 5_000
    with pytest.raises(TimeLimit):
        fetch(make(time_s=1), tmp_path)
    assert (tmp_path / "cache" / f"{RUN}_1.fastq.gz.part").stat().st_size >= 5_000


def test_the_cache_forgets_what_was_used_longest_ago(make: Make, server: Behaviour, tmp_path: Path) -> None:
    runs = ["ERR000001", "ERR000002", "ERR000003"]
    for age, run in enumerate(runs):
        add_run(server.files, run)
        pair = fetch(make(), tmp_path, run)
        for path in (pair.read1, pair.read2):
            os.utime(path, (1000 + age, 1000 + age))
    fetch(make(), tmp_path, "ERR000001")
    add_run(server.files, "ERR000004")
    fetch(make(cache_bytes=1_900_000), tmp_path, "ERR000004")
    kept = {path.name.partition("_")[0] for path in (tmp_path / "cache").glob("*.gz")}
    assert kept == {"ERR000001", "ERR000003", "ERR000004"}


def test_reads_in_use_survive_their_eviction(make: Make, server: Behaviour, tmp_path: Path) -> None:
    pair = fetch(make(), tmp_path)
    add_run(server.files, "ERR000001")
    fetch(make(cache_bytes=1), tmp_path, "ERR000001")
    assert not (tmp_path / "cache" / f"{RUN}_1.fastq.gz").exists()
    assert_whole(pair, server)
