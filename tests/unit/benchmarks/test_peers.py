"""Job systems side by side: the table, and what is read of the peers' programs."""

from __future__ import annotations

import json

import pytest

from benchmarks.peers import peer_round
from benchmarks.peers.catalogue import PEERS, PROGRAMS, chosen
from benchmarks.peers.database import address_of, name_of
from benchmarks.peers.environments import PeerFailed, environment_name, last_line, python_of
from benchmarks.peers.programs import program
from benchmarks.peers.sheet import COLUMNS, Contestant, Sheet, number


def test_a_line_has_the_median_of_the_rounds_and_how_far_they_lie_apart():
    rounds = [{"one": rate, "latency": 1.0} for rate in (400.0, 1500.0, 380.0)]
    table = Sheet("title", [Contestant("a", "1 process", rounds)]).markdown()
    assert table.splitlines()[-1].startswith("| a | 1 process | 400 (380–1,500) |  |  | 1 (1–1) |")


def test_a_single_round_has_no_spread_and_what_was_not_measured_is_empty():
    table = Sheet("title", [Contestant("a", "w", [{"off": 212.4}])]).markdown()
    assert table.splitlines()[-1] == "| a | w |  |  | 212 |  |  |  |  |  |"


def test_who_failed_is_named_with_the_reason_and_the_others_stay():
    failed = Contestant("b", "w", reason="ModuleNotFoundError: b")
    table = Sheet("title", [Contestant("a", "w", [{"one": 5.0}]), failed]).markdown()
    assert "| a | w | 5 |" in table
    assert "| b | w | failed, see below |" in table
    assert table.endswith("b: ModuleNotFoundError: b")


def test_every_line_has_a_cell_for_each_column():
    table = Sheet("title", [Contestant("a", "w")]).markdown()
    bars = {line.count("|") for line in table.splitlines() if line.startswith("|")}
    assert bars == {len(COLUMNS) + 3}


def test_a_sheet_can_be_written_as_json():
    sheet = Sheet("title", [Contestant("a", "w", [{"one": 5.0}])])
    assert json.loads(json.dumps(sheet.as_dict()))["contestants"][0]["rounds"] == [{"one": 5.0}]


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (99.94, "99.9"), (0.01234, "0.0123"), (0, "0")]
)
def test_numbers_have_three_digits_that_count(value: float, text: str):
    assert number(value) == text


def test_the_last_line_of_a_traceback_is_the_error():
    assert last_line('Traceback …\n  File "x"\nValueError: no\n\n') == "ValueError: no"
    assert last_line("\n") == ""


def test_another_version_has_another_environment():
    assert environment_name(["a==1.0"]) != environment_name(["a==1.1"])
    assert environment_name(["a==1.0"]) == environment_name(["a==1.0"])
    assert environment_name(["a==1.0"]).startswith("a-")


def test_an_environment_that_is_complete_is_not_made_again(tmp_path):
    place = tmp_path / environment_name(["a==1.0"])
    place.mkdir()
    (place / "complete").touch()
    assert python_of(["a==1.0"], tmp_path) == place / "bin" / "python"


def test_what_cannot_be_installed_is_told_with_pips_own_words(tmp_path):
    with pytest.raises(PeerFailed, match="nowhere"):
        python_of([f"{tmp_path}/nowhere"], tmp_path)


def test_the_address_of_a_peers_database_names_no_driver():
    address = address_of("postgresql+psycopg2://crobot:secret@127.0.0.1:5000/crobot", "peer_dbos")
    assert address == "postgresql://crobot:secret@127.0.0.1:5000/peer_dbos"
    assert name_of(address) == "peer_dbos"


def test_a_body_writes_lines_of_one_length_so_that_they_can_be_counted(tmp_path, monkeypatch):
    began = tmp_path / "began"
    monkeypatch.setenv("PEER_BEGAN", str(began))
    for job in (0, 7, 1_000_000):
        program.body(job)
    assert began.stat().st_size == 3 * peer_round.LINE
    assert [int(line.split()[0]) for line in began.read_text().splitlines()] == [0, 7, 1_000_000]


def test_each_peer_has_its_program_and_pinned_versions():
    assert {peer.program for peer in PEERS} == {path.name for path in PROGRAMS.glob("with_*.py")}
    assert all("==" in requirement for peer in PEERS for requirement in peer.requirements)


def test_peers_can_be_chosen_by_name():
    assert [peer.name for peer in chosen(["dbos", "chancy"])] == ["dbos", "chancy"]
    assert chosen([]) == list(PEERS)
