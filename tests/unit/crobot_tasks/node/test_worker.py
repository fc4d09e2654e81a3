"""What a node is refused for at its start."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_errors import BadInput
from crobot_tasks.celery import app
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
    monkeypatch.setitem(app.conf, f"crobot_{setting}", template)
    with pytest.raises(BadInput, match=f"CROBOT_{setting.upper()} is .*there are {{accession}}"):
        node_worker("n1", 1, 10**9, tmp_path / "n1")
    assert not (tmp_path / "n1").exists()
