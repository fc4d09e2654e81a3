"""What a node is refused for at its start."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.node.worker import node_worker


@pytest.mark.parametrize(
    ("setting", "template"),
    [
        ("archive_url", "http://h/{accession}.fastq.gz"),
        ("archive_report_url", "http://h/report?run={run}"),
    ],
)
def test_a_node_whose_archive_has_no_possible_address_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, template: str
) -> None:
    monkeypatch.setattr(celeryconfig, f"crobot_{setting}", template)
    with pytest.raises(BadInput, match=f"CROBOT_{setting.upper()} is .*there are {{accession}}"):
        node_worker("n1", 1, 10**9, tmp_path / "n1")
    assert not (tmp_path / "n1").exists()


@pytest.mark.parametrize("mark", [" ", "ä", ",", ";", "$", "&", "(", "'", "\n"])
def test_a_state_dir_in_which_assemblers_cannot_work_is_refused(tmp_path: Path, mark: str) -> None:
    with pytest.raises(BadInput, match=re.escape(f"contains {mark!r}, with which assemblers cannot work")):
        node_worker("n1", 1, 10**9, tmp_path / f"a{mark}b" / "n1")


def test_a_link_to_such_a_state_dir_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scrätch").mkdir()
    (tmp_path / "scratch").symlink_to(tmp_path / "scrätch")
    with pytest.raises(BadInput, match="scrätch/n1' contains 'ä'"):
        node_worker("n1", 1, 10**9, tmp_path / "scratch" / "n1")
