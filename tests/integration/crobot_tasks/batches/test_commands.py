"""`crobot batch` on a real cluster: made of lists, watched, steered, and accounted for."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest

from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.making import Limits
from crobot_tasks.intake.genomes import add_assembly
from db.engine import transaction
from db.species import AssemblyLookup, Strain
from db.species.schemes import find_scheme
from demo.data import DemoData
from tests.canvas_tasks import jobs
from tests.command import crobot, document
from tests.processes import Cluster, value, wait_for

FEW = Limits(live=20, slice=10)
_strains = count(1)


@pytest.fixture
def name(cluster: Cluster) -> str:
    """The name of a batch that no other test uses."""
    return f"batch-{uuid4()}"


@pytest.fixture(scope="module")
def strains(senterica: str, demo_data: DemoData) -> Iterator[list[tuple[str, str]]]:
    """Name and barcode of the assembly in use of three strains."""
    names = [f"of batch commands {number}" for number in range(3)]
    added = [add_assembly(senterica, each, demo_data.genome, send=False) for each in names]
    with transaction(senterica) as session:
        for row in session.query(Strain).where(Strain.strain.in_(names)):
            row.attributes = row.attributes | {"lot": "7"}
    return list(zip(names, [one.barcode for one in added], strict=True))


def mixed(name: str) -> None:
    """A batch of 12 items that end well and 3 that fail, and is over."""
    Batch.of(
        [
            jobs.nap.s(0.3),
            *(jobs.add.s(each, 1) for each in range(11)),
            *(jobs.fail.s(each) for each in range(3)),
        ],
        name=name,
        limits=FEW,
    )
    assert crobot("batch", "watch", name).returncode == 1


def napping(name: str) -> Batch:
    """A batch that is under way, with items that are not sent yet."""
    batch = Batch.of((jobs.nap.s(0.1) for _ in range(60)), name=name, limits=FEW)
    wait_for("a first slice", lambda: batch.standing().live)
    return batch


def test_watch_ends_with_the_batch_and_says_how(name: str) -> None:
    Batch.of((jobs.add.s(each, 1) for each in range(12)), name=name, limits=FEW)
    done = crobot("batch", "watch", name)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"{name}: over, 100 %, 12 of 12")
    assert "12 complete" in done.stdout
    assert document("batch", "watch", name)["items"]["complete"] == 12


def test_watch_gives_up_in_time(name: str) -> None:
    Batch.of([jobs.nap.s(0.9)], name=name)
    done = crobot("batch", "watch", name, "--timeout", 0)
    assert done.returncode == 1
    assert "is not over after 0 s" in done.stderr


def test_a_script_is_not_kept_waiting_by_a_batch_that_paused_itself(name: str) -> None:
    signatures = [*(jobs.fail.s(each) for each in range(2)), *(jobs.add.s(each, 1) for each in range(2))]
    batch = Batch.of(signatures, name=name, limits=Limits(live=1, slice=2, max_failures=1))
    done = crobot("batch", "watch", name)
    assert done.returncode == 3
    why = "1 jobs failed, the limit is 1" if "1 jobs" in done.stderr else "2 jobs failed, the limit is 1"
    assert f"batch {name} is paused: {why}; `crobot batch resume {name}` goes on" in done.stderr
    assert document("batch", "watch", name, code=3)["state"] == "paused"
    assert document("batch", "watch", name, "--timeout", 0, code=1)["state"] == "paused"
    batch.resume()
    assert crobot("batch", "watch", name).returncode == 1


def test_every_item_is_in_the_report_in_the_table_and_in_the_picture(name: str, tmp_path: Path) -> None:
    mixed(name)
    table, picture = tmp_path / "batch.tsv", tmp_path / "batch.svg"
    done = crobot("batch", "report", name, "--tsv", table, "--picture", picture)
    assert done.returncode == 0, done.stderr
    assert "15, 100 % over" in done.stdout
    assert "12 complete, 3 failed" in done.stdout
    [failed] = [line for line in done.stdout.splitlines() if "cannot work with" in line]
    assert failed.split()[:2] == ["3", "internal"]
    rows = list(csv.DictReader(table.read_text().splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    assert [int(row["number"]) for row in rows] == list(range(1, 16))
    assert Counter(row["state"] for row in rows) == {"COMPLETE": 12, "FAILED": 3}
    assert all(row["attempts"] == "1" for row in rows)
    for word in ("complete (12)", "failed (3)"):
        assert word in picture.read_text()
    assert list(tmp_path.glob(".*")) == []


def test_the_report_is_a_document_for_programs_and_the_table_a_stream(name: str) -> None:
    mixed(name)
    found = document("batch", "report", name)["account"]
    assert found["states"] == {"COMPLETE": 12, "FAILED": 3}
    [cause] = found["failed"]
    assert (cause["kind"], cause["items"], len(cause["examples"])) == ("internal", 3, 3)
    assert found["attempts"] == 15
    assert found["wall_s"] >= sum(one["wall_s"] for one in found["slowest"]) > 0
    lines = crobot("batch", "report", name, "--tsv", "-").stdout.splitlines()
    assert len(lines) == 16
    assert lines[0].startswith("number\tkey\tjob_id\tstate\t")


def test_what_cannot_be_reported_is_refused(name: str, tmp_path: Path) -> None:
    mixed(name)
    for option, path, why in (
        ("--picture", tmp_path / "batch.gif", "name it .png, .svg or .pdf"),
        ("--picture", tmp_path / "away" / "batch.svg", "there is no folder"),
        ("--tsv", tmp_path / "away" / "batch.tsv", "cannot be written: No such file"),
    ):
        done = crobot("batch", "report", name, option, path)
        assert done.returncode == 1
        assert why in done.stderr
    assert crobot("batch", "report", name, "--tsv", "-", "--json").returncode == 2


def test_batches_are_listed_and_shown_with_what_is_known(name: str) -> None:
    mixed(name)
    assert name not in crobot("batch", "list").stdout
    found = next(one for one in document("batch", "list", "--all") if one["batch"] == name)
    assert (found["state"], found["items"]["failures"]) == ("over", {"internal": 3})
    assert found["rate"] > 0
    assert found["ends_at"] is None
    [line] = [line for line in crobot("batch", "list", "--all").stdout.splitlines() if name in line]
    assert line.split()[1:3] == ["over", "signatures"]
    assert "3 internal" in crobot("batch", "show", name).stdout


def test_a_batch_is_paused_resumed_made_urgent_and_cancelled(name: str) -> None:
    napping(name)
    assert "is paused" in crobot("batch", "pause", name, "--reason", "the day").stdout
    shown = document("batch", "show", name)
    assert (shown["state"], shown["pause_reason"], shown["left_s"]) == ("paused", "the day", None)
    assert "the day" in crobot("batch", "show", name).stdout
    assert "already paused: the day" in crobot("batch", "pause", name, "--reason", "again").stderr
    assert document("batch", "resume", name)["state"] == "running"
    assert document("batch", "priority", 2, name)["priority"] == 2
    assert "would be cancelled" in crobot("batch", "cancel", name, "--dry-run").stdout
    assert document("batch", "cancel", name)["state"] in ("being cancelled", "cancelled")
    assert crobot("batch", "watch", name).returncode == 1
    assert document("batch", "show", name)["items"]["cancelled"] > 0


def test_what_failed_is_sent_again_or_only_counted(name: str) -> None:
    mixed(name)
    assert document("batch", "resend", name, "--dry-run")["items"] == 3
    assert "nothing is sent again" in crobot("batch", "resend", name, "--failed", "node_lost").stdout
    done = document("batch", "resend", name, "--failed", "internal", "--priority", 1)
    assert (done["items"], done["refused"]) == (3, [])
    assert crobot("batch", "watch", name).returncode == 1
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = :name", name=name) == 18
    assert document("batch", "report", name)["account"]["states"] == {"COMPLETE": 12, "FAILED": 3}


def test_a_name_that_only_jobs_have_is_watched_and_steered_as_jobs_are(name: str) -> None:
    for each in range(3):
        jobs.add.apply_async((each, 1), job={"batch": name})
    assert crobot("batch", "watch", name).returncode == 0
    shown = document("batch", "show", name)
    assert (shown["kind"], shown["items"]["complete"]) == ("label", 3)
    for command in (["cancel", name], ["pause", name, "--reason", "no"], ["resend", name]):
        done = crobot("batch", *command)
        assert done.returncode == 1
        assert f"--batch {name}" in done.stderr
    assert "crobot jobs --batch" in crobot("batch", "report", name).stderr


def test_an_unknown_batch_is_one_clear_line(name: str) -> None:
    for command in ("show", "watch", "report", "resume", "cancel"):
        done = crobot("batch", command, name)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert "crobot batch list --all" in done.stderr


def test_a_list_as_people_have_it_is_accounted_for(
    name: str, senterica: str, strains: list[tuple[str, str]], tmp_path: Path
) -> None:
    (first, first_barcode), (second, second_barcode), (third, _) = strains
    wild = tmp_path / "wild.tsv"
    lines = [
        first,
        "",
        f"{second_barcode}\tfrom table\tx",
        first_barcode,
        f"  {third} ",
        "ESC_AA0001AA_AS",
        first,
    ]
    wild.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    command = ["batch", "call", senterica, "assembly_stats", name, "--list", wild, "nobody"]
    expected = {
        "batch": name,
        "items": 5,
        "doubles": 2,
        "left_out": {
            "items": 2,
            "first": [
                f"the species 'senterica' has no assembly {odd!r}, and no strain of this name has one in use"
                for odd in ("nobody", "ESC_AA0001AA_AS")
            ],
        },
    }
    assert document(*command, "--dry-run") == expected | {"dry_run": True}
    assert crobot("batch", "show", name).returncode == 1
    assert document(*command) == expected | {"dry_run": False}
    assert document("batch", "watch", name)["items"]["complete"] == 3
    account = document("batch", "report", name)["account"]
    assert account["states"] == {"COMPLETE": 3, "skipped": 2}
    [left_out] = account["left_out"]
    assert left_out["examples"] == ["nobody", "ESC_AA0001AA_AS"]
    told = crobot("batch", "add", name, second, "nobody at all").stdout
    assert "1 item added" in told
    assert "1 given twice or there already" in told
    assert "no assembly 'nobody at all'" in told


def test_a_batch_of_a_list_is_stored_again_nowhere_and_a_second_one_is_answered(
    name: str, senterica: str, strains: list[tuple[str, str]]
) -> None:
    line = ["batch", "call", senterica, "assembly_stats"]
    names = [each for each, _ in strains]
    crobot(*line, name, *names)
    assert crobot("batch", "watch", name).returncode == 0
    assert "choose another name" in crobot(*line, name, *names).stderr
    assert "`crobot batch watch" in crobot(*line, f"{name}-2", *names).stdout
    assert document("batch", "watch", f"{name}-2")["items"]["cached"] == 3


def outdate(database: str) -> None:
    """Let all MLST results be of an older version."""
    with transaction(database) as session:
        scheme = find_scheme(session, "MLST_Achtman")
        for result in session.query(AssemblyLookup).filter_by(scheme_id=scheme.id):
            result.version = "0.1"


def test_a_query_chooses_instead_of_a_list(name: str, senterica: str, strains: list[tuple[str, str]]) -> None:
    call = ["batch", "call", senterica, "MLST_Achtman", name]
    narrower = ["--attribute", "lot=7", "--since", "2020-01-01"]
    crobot(*call[:-1], f"{name}-first", *(each for each, _ in strains))
    assert crobot("batch", "watch", f"{name}-first").returncode == 0
    done = crobot(*call, "--where", "outdated", *narrower)
    assert done.returncode == 1
    assert "nothing is chosen by outdated, since 2020-01-01 00:00:00, lot=7" in done.stderr
    outdate(senterica)
    assert document(*call, "--where", "outdated", *narrower, "--dry-run")["items"] == 3
    # the version is made up: an earlier job has the current result
    assert document(*call, "--where", "outdated", *narrower, "--again")["items"] == 3
    assert document("batch", "watch", name)["items"]["complete"] == 3
    assert document("batch", "show", name)["chosen_by"].startswith("outdated, since 2020-01-01")
    assert "chosen by outdated" in crobot(*call, "--where", "outdated", *narrower).stderr
    late = crobot("batch", "reassemble", senterica, name, "--where", "failed:node_lost", *narrower)
    assert "nothing is chosen by failed:node_lost" in late.stderr


def test_strains_without_reads_are_left_out_with_the_reason(
    name: str, senterica: str, strains: list[tuple[str, str]]
) -> None:
    assert (
        document("batch", "reassemble", senterica, name, strains[0][0], "--param", "assembler=megahit")[
            "items"
        ]
        == 1
    )
    assert crobot("batch", "watch", name).returncode == 0
    assert "has no paired-end reads" in crobot("batch", "report", name).stdout


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (["reassemble", "senterica", "{name}"], 2, "--list FILE"),
        (["reassemble", "senterica", "{name}", "x", "--param", "asembler=megahit"], 1, "no parameter 'asembler'"),
        (["reassemble", "senterica", "{name}", "x", "--param", "assembler=canu"], 1, "no assembler 'canu'"),
        (["reassemble", "senterica", "{name}", "x", "--max-failures", "many"], 2, "write it like 25, or 5%"),
        (["reassemble", "senterica", "{name}", "x", "--max-failures", "0%"], 1, "is not above 0"),
        (["reassemble", "senterica", "{name}", "x"], 1, "has no strain 'x'"),
        (["reassemble", "senterica", "{name}", "--where", "bad"], 2, "there are no-assembly, outdated, failed, all"),
        (["reassemble", "senterica", "{name}", "--where", "failed:never"], 2, "failed:KIND is with"),
        (["reassemble", "senterica", "{name}", "x", "--attribute", "a=1"], 2, "narrow --where down"),
        (["reassemble", "nowhere", "{name}", "x"], 1, "no species 'nowhere'"),
        (["reassemble", "senterica", "a b", "x"], 1, "cannot be named 'a b'"),
        (["call", "senterica", "nothing", "{name}", "x"], 1, "nothing"),
        (["call", "senterica", "MLST_Achtman", "{name}", "--list", "/nowhere/at.all"], 1, "No such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_batch_is_refused_and_nothing_is_stored(
    name: str, senterica: str, options: list[str], code: int, why: str
) -> None:
    done = crobot("batch", *(option.format(name=name) for option in options))
    assert (done.returncode, done.stdout) == (code, "")
    assert why in done.stderr
    assert value("SELECT count(*) FROM crobot.batches WHERE name = :name", name=name) == 0


def test_many_items_are_sent_only_if_that_is_meant(name: str, senterica: str, tmp_path: Path) -> None:
    many = tmp_path / "many.txt"
    many.write_text("".join(f"strain-{number}\n" for number in range(101)))
    done = crobot("batch", "reassemble", senterica, name, "--list", many)
    assert done.returncode == 1
    assert "that would send 101 jobs: say --yes" in done.stderr
    looked = document("batch", "reassemble", senterica, name, "--list", many, "--dry-run")
    assert (looked["items"], looked["left_out"]["items"], len(looked["left_out"]["first"])) == (101, 101, 3)
