"""The data that a node says it has: preferences, so always short, never wrong for long, never a reason to fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crobot_errors import BadInput
from crobot_tasks.node.local_data import AGAIN_S, MOST, SEND_S, LocalData
from crobot_tasks.node.worker import checked_tags


def cache(state_dir: Path, accession: str, used_at: int, mates: tuple[int, ...] = (1, 2)) -> None:
    (state_dir / "cache").mkdir(exist_ok=True)
    for mate in mates:
        path = state_dir / "cache" / f"{accession}_{mate}.fastq.gz"
        path.touch()
        os.utime(path, (used_at, used_at))


def test_a_new_node_has_no_data(tmp_path: Path) -> None:
    assert LocalData(tmp_path).newest() == []


def test_files_come_newest_first_and_each_once(tmp_path: Path) -> None:
    data = LocalData(tmp_path)
    data.note(["/data/a", "/data/b"])
    assert data.newest() == ["/data/b", "/data/a"]
    data.note(["/data/a"])
    assert data.newest() == ["/data/a", "/data/b"]
    assert LocalData(tmp_path).newest() == ["/data/a", "/data/b"]


def test_accessions_are_named_only_while_all_their_reads_are_in_the_cache(tmp_path: Path) -> None:
    data = LocalData(tmp_path)
    cache(tmp_path, "SRR1", used_at=100)
    cache(tmp_path, "SRR2", used_at=200)
    cache(tmp_path, "SRR3", used_at=300, mates=(1,))
    data.note(["SRR4", "/data/a"])
    assert data.newest() == ["/data/a", "SRR2", "SRR1"]


def test_what_is_sent_and_what_is_kept_stays_short(tmp_path: Path) -> None:
    data = LocalData(tmp_path)
    for number in range(MOST):
        cache(tmp_path, f"SRR{number}", used_at=number, mates=(2,))
    data.note(f"/data/{number}" for number in range(5 * MOST))
    names = data.newest()
    assert len(names) == MOST
    assert names[0] == f"/data/{5 * MOST - 1}"
    assert f"SRR{MOST - 1}" in names
    assert len((tmp_path / "files").read_text().splitlines()) == MOST // 2
    assert data.newest() == names


def test_a_name_that_is_two_lines_is_not_kept(tmp_path: Path) -> None:
    data = LocalData(tmp_path)
    data.note(["/data/a\n/data/b"])
    assert data.newest() == []


def test_tags_are_told_once_each(tmp_path: Path) -> None:
    assert checked_tags(["ssd", "bigmem", "ssd", "cpu=zen4"]) == ["bigmem", "cpu=zen4", "ssd"]


@pytest.mark.parametrize("tag", ["", "SSD", "a b", "-x", "x" * 41, "ssd\n"])
def test_what_is_not_a_tag_is_refused_by_name(tag: str) -> None:
    with pytest.raises(BadInput, match="small letters"):
        checked_tags([tag])


def test_names_are_told_when_they_changed_and_not_too_often_and_again_after_a_while(tmp_path: Path) -> None:
    data = LocalData(tmp_path)
    assert data.due(0) == []
    data.note(["/data/a"])
    assert data.due(SEND_S - 1) is None
    assert data.due(SEND_S) == ["/data/a"]
    assert data.due(3 * SEND_S) is None
    assert data.due(SEND_S + AGAIN_S) == ["/data/a"]
