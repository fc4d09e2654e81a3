"""The command `crobot simulate` with described clusters, which need no server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crobot_tasks import cli
from crobot_tasks.simulator.description import example
from crobot_tasks.simulator.simulate import RULES
from tests.unit.crobot_tasks.simulator.test_description import RIGHT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(RIGHT)
    return path


def test_a_file_is_simulated_by_all_rules_and_drawn(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = file.with_suffix(".png")
    assert cli.run(["simulate", str(file), "--compare", "--plot", str(picture), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["nodes"], document["cores"]) == (2, 16)
    assert [run["rule"] for run in document["runs"]] == list(RULES)
    assert all(run["jobs"] == 10 and run["ratio"] >= 1 for run in document["runs"])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_people_read_a_sentence_and_tables(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["simulate", str(file)]) == 0
    told = capsys.readouterr().out
    assert "10 jobs on 2 nodes with 16 cores" in told
    assert "done after 1 h" in told
    assert "Waiting by class" in told
    assert "curators" in told


def test_an_example_is_printed_to_be_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["simulate", "--example", "reassembly", "--print"]) == 0
    assert capsys.readouterr().out == example("reassembly")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["{file}", "--plot", "x.jpg"], "name it .png, .svg or .pdf"),
        (["{file}", "--plot", "nowhere/x.png"], "there is no folder"),
        (["{file}", "--example", "reassembly"], "give one of them"),
        (["{file}", "--since", "7d"], "leave out one of them"),
        (["{file}.away"], "cannot be read: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_runs(
    file: Path, arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["simulate", *(one.format(file=file) for one in arguments)]) == 1
    assert complaint in capsys.readouterr().err
