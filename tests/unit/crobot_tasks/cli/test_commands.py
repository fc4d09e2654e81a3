"""The command line as such: its table of commands, its errors and exit codes; no command here asks a server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks import cli
from crobot_tasks.cli import storage
from crobot_tasks.cli.values import SIZE


@pytest.mark.parametrize(
    "line", [["nonsense"], ["show", "x"], ["node", "--memory", "much"], ["log", "1", "-f", "--json"]]
)
def test_wrong_usage_has_exit_code_2(line: list[str]) -> None:
    assert cli.run(line) == 2


def test_wrong_usage_is_a_document_when_one_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["show", "x", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["type"] == "WrongUsage"


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("8G", 8 * 2**30),
        ("8GiB", 8 * 2**30),
        ("8GB", 8 * 10**9),
        ("512M", 512 * 2**20),
        ("1.5t", 3 * 2**39),
        ("100", 100),
    ],
)
def test_memory_is_understood_as_people_write_it(text: str, amount: int) -> None:
    assert SIZE.convert(text, None, None) == amount


@pytest.mark.parametrize("text", ["", "0", "-1G", "G", "8X", "8 GG"])
def test_what_is_no_amount_of_memory_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write it like 8G"):
        SIZE.convert(text, None, None)


def test_a_storage_that_is_configured_must_be_mounted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_storage", str(tmp_path / "away"))
    with pytest.raises(BadInput, match="mount it"):
        storage.ready()
    assert not (tmp_path / "away").exists()


def test_flower_without_credentials_stays_alive_and_closed_until_it_is_told_to_end() -> None:
    flower = [sys.executable, "-m", "crobot_tasks.cli", "flower"]
    with subprocess.Popen(flower, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "CROBOT_FLOWER_OPERATORS=user:password" in process.stderr.readline()
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0
