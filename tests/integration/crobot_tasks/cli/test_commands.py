"""The command `crobot` against a real head, beat and nodes."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path
from typing import Any

import pytest

from crobot_tasks.intake.genomes import add_assembly
from tests.command import crobot, document, process
from tests.processes import Cluster


def test_a_probe_is_sent_followed_and_shown(cluster: Cluster) -> None:
    done = crobot("send", "probe", "--value", "hello", "--sleep", "0.5", "--follow")
    assert done.returncode == 0, done.stderr
    assert "the probe sleeps 0.5 s" in done.stdout
    number = document("jobs", "--pipeline", "probe", "--limit", 1)[0]["id"]
    shown = document("show", number)
    assert (shown["state"], shown["result"]["results"]["value"]) == ("COMPLETE", "hello")
    assert [one["outcome"] for one in shown["attempts"]] == ["ok"]
    assert f"Job       {number}  probe 1.0" in crobot("show", number).stdout
    assert "the probe sleeps" in document("log", number)["text"]


def test_a_failure_is_told_with_its_reason_and_exit_code(cluster: Cluster) -> None:
    number = document("send", "probe", "--fail", "tool")["job"]
    assert crobot("wait", number, "--timeout", 30).returncode == 1
    assert "asked to fail like a tool" in crobot("show", number).stdout


def test_a_job_that_fits_nowhere_says_why_and_is_cancelled_at_once(cluster: Cluster) -> None:
    sent = document("send", "probe", "--cores", 64)
    assert "the job needs 64 cores on calc01, calc02" in sent["why_waiting"]
    assert "64 cores" in document("status")["oldest_waiting"]["why"]
    no_log = document("log", sent["job"], code=1)["error"]
    assert "64 cores" in no_log["message"]
    assert document("cancel", sent["job"]) == [{"job": sent["job"], "state": "CANCELLED", "was": "WAITING"}]


def test_a_running_job_is_cancelled_within_seconds(cluster: Cluster) -> None:
    number = document("send", "probe", "--sleep", 100)["job"]
    assert crobot("wait", number, "--timeout", 1).returncode == 1
    assert document("cancel", number)[0]["state"] == "CANCELLED"
    assert "was over before: CANCELLED" in crobot("cancel", number).stdout


def test_a_drained_node_says_so_until_it_is_resumed(cluster: Cluster) -> None:
    assert document("drain", "calc02", "--reason", "new disk")["drained"]
    nodes = {node["name"]: node for node in document("nodes")["nodes"]}
    assert (nodes["calc01"]["state"], nodes["calc02"]["state"]) == ("up", "drained")
    assert "calc02 is drained: new disk" in crobot("nodes").stdout
    assert not document("resume", "calc02")["drained"]
    assert document("drain", "calc99", "--reason", "?", code=1)["error"]["type"] == "UnknownNode"


def test_a_second_node_of_the_same_name_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    done = process("node", "--name", "calc01", "--state-dir", tmp_path)
    assert done.returncode == 1
    assert "a node named 'calc01' is running already" in done.stderr


@pytest.mark.parametrize(
    "command", [["show", 999_999], ["log", 999_999], ["cancel", 999_999], ["wait", 999_999]]
)
def test_an_unknown_job_is_one_clear_line(tables: None, command: list[object]) -> None:
    done = crobot(*command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "crobot: there is no job 999999; `crobot jobs` lists them\n"


def test_a_species_is_added_once_with_its_references(tables: None, tmp_path: Path) -> None:
    genome = tmp_path / "genome.fasta"
    genome.write_text(">one\nACGTACGT\n")
    line = [
        "species",
        "add",
        "cliadded",
        "--label",
        "Added",
        "--genus",
        "Salmonella",
        "--prefix",
        "CLA",
        "--reference",
        genome,
    ]
    kept = document(*line)["references"]
    assert Path(kept[0]).read_text() == genome.read_text()
    assert document(*line)["references"] == kept
    genome.write_text("no FASTA")
    assert "not FASTA" in document(*line, code=1)["error"]["message"]
    assert "cliadded" in crobot("species", "list").stdout
    assert "assembly_stats" in crobot("scheme", "list", "cliadded").stdout
    assert document("scheme", "list", "nosuch", code=1)["error"]["type"] == "UnknownSpecies"


def test_a_scheme_is_called_on_demand_and_always(tables: None, tmp_path: Path) -> None:
    genome, alleles = tmp_path / "genome.fasta", tmp_path / "one.tfa"
    genome.write_text(">one\nACGTACGT\n")
    alleles.write_text(">one_1\nATGAAATAA\n")
    named = ["--label", "Salmonella on demand", "--prefix", "OND", "--reference", genome]
    document("species", "add", "ondemand", *named, "--bare")
    added = document("scheme", "add", "ondemand", "Arrays", "--pipeline", "CRISPR", "--on-demand")
    assert added["on_demand"]
    line = ["scheme", "import", "ondemand", "tiny_1", "--alleles", alleles, "--description", "Tiny"]
    assert document(*line, "--on-demand")["on_demand"]
    # a newer release leaves it as it is
    assert document(*line)["on_demand"]
    assert not document("scheme", "change", "ondemand", "Tiny", "--always")["on_demand"]
    told = crobot("scheme", "change", "ondemand", "Arrays", "--on-demand").stdout
    assert told == "Arrays of ondemand: CRISPR is called on demand\n"
    listed = {each["description"]: each["on_demand"] for each in document("scheme", "list", "ondemand")}
    assert (listed["Arrays"], listed["Tiny"]) == (True, False)
    refused = document("scheme", "change", "ondemand", "nosuch", "--always", code=1)
    assert "has no scheme 'nosuch'" in refused["error"]["message"]


def test_a_species_of_any_genus_is_judged_by_limits_of_its_own(tables: None, tmp_path: Path) -> None:
    genome = tmp_path / "genome.fasta"
    genome.write_text(f">one\n{''.join(random.Random(7).choices('ACGT', k=30_000))}\n")
    label = ["--label", "Wolbachia pipientis", "--bare"]
    unknown = document("species", "add", "wolbachia", *label, "--prefix", "WOL", code=1)
    assert "'Wolbachia pipientis' are: give --qa bases=" in unknown["error"]["message"]
    added = document(
        "species", "add", "wolbachia", *label, "--prefix", "WOL", "--qa", "bases=25k-35k,n50=10k"
    )
    assert (added["genus"], added["limits"]["bases"], added["limits_from"]) == (
        "Wolbachia",
        [25_000, 35_000],
        "given",
    )
    made = add_assembly("wolbachia", "w", genome, send=False)
    assert made.passed
    told = crobot("species", "limits", "wolbachia", "--qa", "bases=1M-2M").stdout
    assert "given: 1,000,000 to 2,000,000 bases, fewer than 600 contigs, N50 above 10,000" in told
    assert "`crobot assembly rejudge wolbachia BARCODE…`" in told
    assert document("assembly", "rejudge", "wolbachia", made.barcode)[0]["status"] == "Failed QA"
    by_reference = document("species", "add", "wolbach2", *label, "--prefix", "WOM", "--reference", genome)
    assert by_reference["limits"]["bases"] == [25_500, 34_500]
    assert (
        document("species", "limits", "wolbach2")["limits_from"]
        == "by 1 reference genome, 15 % smaller to 15 % larger"
    )


def test_reads_of_an_unknown_species_and_files_that_are_not_there_are_refused(
    tables: None, data_dir: Path
) -> None:
    reads = [data_dir / "reads" / "none_1.fastq", data_dir / "reads" / "none_2.fastq"]
    assert (
        document("send", "reads", "nosuch", *reads, "--strain", "x", code=1)["error"]["type"]
        == "UnknownSpecies"
    )
    assert document("send", "accession", "nosuch", "ERR000001", code=1)["error"]["type"] == "BadInput"


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_broker_that_is_away_is_named_with_the_way_out(tables: None, tmp_path: Path) -> None:
    port = closed_port()
    done = process("node", "--state-dir", tmp_path, CROBOT_BROKER_URL=f"redis://:hidden@127.0.0.1:{port}/0")
    assert done.returncode == 1
    assert f"127.0.0.1:{port} does not answer" in done.stderr
    assert "CROBOT_BROKER_URL" in done.stderr
    assert "hidden" not in done.stderr


def test_a_database_that_is_away_is_named_with_the_way_out(tmp_path: Path) -> None:
    port = closed_port()
    done = process("head", CROBOT_DATABASE_URL=f"postgresql+psycopg2://me:hidden@127.0.0.1:{port}/genomes")
    assert done.returncode == 1
    assert f"127.0.0.1:{port}, database 'genomes'" in done.stderr
    assert "CROBOT_DATABASE_URL" in done.stderr
    assert "hidden" not in done.stderr


def test_tables_of_a_configured_database_are_not_upgraded_unasked(servers: Any) -> None:
    empty = servers.database_url.rsplit("/", 1)[0] + "/template1"
    done = process("status", CROBOT_DATABASE_URL=empty)
    assert done.returncode == 1
    assert "crobot db upgrade" in done.stderr


def test_what_serves_and_who_uses_it_is_told(tables: None, data_dir: Path) -> None:
    found = document("servers", "status")
    assert found["data_dir"] == str(data_dir)
    assert all(server["pid"] for server in found["servers"])
    assert os.getpid() in found["users"]
    assert "used by processes" in process("servers", "stop").stderr
    assert document("db", "check")["current"]
