"""`crobot intake`: a table's strains and reads are added and sent once, whoever is killed; no head is at work here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Barrier

import pytest

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.batches import from_table, making, tending
from crobot_tasks.intake.table import adding, checking
from crobot_tasks.intake.table.reading import opened
from db import registry
from db.engine import transaction
from db.species import Strain, Trace, assemblies, strains
from tests import dying_intake
from tests.command import crobot, document
from tests.integration.conftest import GENERA
from tests.processes import PATIENCE_S, query, value

ARCHIVE = "http://localhost:1/{accession}_{mate}.fastq.gz"
_numbers = count(1)


@pytest.fixture
def species(two_species: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A species that no other test uses, in a database that no head knows; and the address of an archive."""
    monkeypatch.setattr(celeryconfig, "crobot_archive_url", ARCHIVE)
    name = f"table{next(_numbers)}"
    prefix = f"T{chr(64 + len(name))}{chr(64 + int(name.removeprefix('table')))}"
    registry.add_species(name, "Salmonella enterica", "Salmonella", prefix, [], GENERA)
    return name


def write(path: Path, lines: Sequence[str], header: str = "strain\taccession\tcountry\tyear") -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Ten strains with eleven runs."""
    lines = [f"strain {number}\tERR{number:06d}\tUK\t2020" for number in range(10)]
    return write(tmp_path / "new.tsv", [*lines, "strain 3\tERR000100\t\t"])


def added(species: str) -> list[tuple[str, list[str], dict[str, object]]]:
    """All strains of a species, with their runs and metadata."""
    with transaction(species) as session:
        return [
            (one.strain, sorted(str(trace.accession) for trace in one.traces), one.attributes)
            for one in session.query(Strain).order_by(Strain.id)
        ]


def wanted() -> list[tuple[str, list[str], dict[str, object]]]:
    """What the table says."""
    runs = {number: [f"ERR{number:06d}"] for number in range(10)}
    runs[3].append("ERR000100")
    return [(f"strain {number}", runs[number], {"country": "UK", "year": 2020}) for number in range(10)]


def items(name: str) -> list[tuple[str, str, str]]:
    """Strain, lines and reason of the items of a batch."""
    rows = query("""
        SELECT i.call ->> 'strain' AS strain, i.call ->> 'lines' AS lines, i.skipped FROM crobot.batch_items i
        JOIN crobot.batches b ON b.id = i.batch_id WHERE b.name = :name ORDER BY i.number""", name=name)  # fmt: skip
    return [(row.strain, row.lines, row.skipped) for row in rows]


def send(name: str) -> None:
    """Have a batch sent, as a head does."""
    tending.tend(value("SELECT id FROM crobot.batches WHERE name = :name", name=name))


def check_all_is_there_once(species: str, table: Path) -> None:
    """Everything of the table is there once, and so are its jobs; the same command does nothing more."""
    assert added(species) == wanted()
    again = document("intake", table, "--database", species)
    assert (again["made_before"], again["items"], again["state"]) == (True, 10, "running")
    assert [one[:2] for one in items(again["batch"])] == [
        (f"strain {number}", "[5, 12]" if number == 3 else f"[{number + 2}]") for number in range(10)
    ]
    send(again["batch"])
    tags = [row.tag for row in query("SELECT tag FROM crobot.jobs WHERE database = :name", name=species)]
    assert sorted(tags) == sorted(",".join(runs) for _, runs, _ in wanted())
    assert value("SELECT count(*) FROM crobot.batches WHERE database = :name", name=species) == 1


def test_strains_reads_and_metadata_are_added_and_sent_as_a_batch(species: str, table: Path) -> None:
    looked = document("intake", table, "--database", species, "--dry-run")
    assert (looked["lines"], looked["strains"], looked["new_strains"], looked["to_assemble"]) == (
        11,
        10,
        10,
        10,
    )
    assert (looked["separator"], looked["dry_run"], "added" in looked) == ("tabs", True, False)
    assert (
        "would assemble 10 strains; nothing is added"
        in crobot("intake", table, "--database", species, "--dry-run").stdout
    )
    assert added(species) == []
    done = crobot("intake", table, "--database", species, "--workgroup", "lab", "--priority", 3)
    assert (done.returncode, done.stderr) == (0, "")
    assert "added: 10 strains, 11 read sets\n" in done.stdout
    told = crobot("intake", table, "--database", species).stdout
    assert "was made of this table before: 10 items, running; nothing is added or sent" in told
    check_all_is_there_once(species, table)
    found = query("SELECT DISTINCT workgroup, priority FROM crobot.jobs WHERE database = :name", name=species)
    assert [(row.workgroup, row.priority) for row in found] == [("lab", 3)]


def test_all_are_assembled_with_the_parameters_that_are_given(species: str, table: Path) -> None:
    unknown = crobot("intake", table, "--database", species, "--param", "assemblr=megahit")
    assert (unknown.returncode, "'assemblr'" in unknown.stderr, added(species)) == (1, True, [])
    batch = document("intake", table, "--database", species, "--param", "assembler=megahit")["batch"]
    send(batch)
    chosen = query(
        "SELECT DISTINCT kwargs #>> '{params,assembler}' AS it FROM crobot.jobs WHERE batch = :batch",
        batch=batch,
    )
    assert [row.it for row in chosen] == ["megahit"]
    other = crobot("intake", table, "--database", species, "--param", "assembler=spades")
    assert (other.returncode, "give another --name" in other.stderr) == (1, True)


def test_the_report_has_the_strain_and_the_lines_of_each_item(species: str, table: Path) -> None:
    name = document("intake", table, "--database", species)["batch"]
    lines = crobot("batch", "report", name, "--tsv", "-").stdout.splitlines()
    assert lines[0].split("\t")[-2:] == ["strain", "lines"]
    assert [line.split("\t")[-2:] for line in lines[1:]][3] == ["strain 3", "[5, 12]"]


@pytest.mark.parametrize("step", dying_intake.STEPS)
def test_a_command_that_is_killed_goes_on_where_it_was(
    species: str, table: Path, step: str, two_species: str
) -> None:
    died = subprocess.run(
        [sys.executable, "-m", "tests.dying_intake", "intake", table, "--database", species],
        env=os.environ
        | {"DIE_AT": step, "CROBOT_DATABASE_URL": two_species, "CROBOT_ARCHIVE_URL": ARCHIVE}
        | {"CROBOT_STORAGE": celeryconfig.crobot_storage},
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert died.returncode == -signal.SIGKILL, died.stdout + died.stderr
    again = document("intake", table, "--database", species)
    assert again["begun_before"]
    check_all_is_there_once(species, table)


def test_two_who_take_the_same_table_in_at_once_do_not_do_it_twice(
    species: str, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adding, "LINES", 2)
    monkeypatch.setattr(making, "STORED_TOGETHER", 3)
    together = Barrier(2)

    def take_in() -> str:
        with opened(str(table)) as found:
            checked = checking.check(found, species)
            together.wait(PATIENCE_S)
            try:
                from_table.take_in(found, checked, species, from_table.usual_name(found, species))
            except BadInput as error:
                return str(error)
        return ""

    with ThreadPoolExecutor(2) as pool:
        said = [future.result() for future in [pool.submit(take_in) for _ in range(2)]]
    assert "" in said
    assert all("is being made by somebody else, too: let that be done" in why for why in said if why)
    check_all_is_there_once(species, table)


def test_with_any_error_nothing_is_added_and_all_are_told(species: str, tmp_path: Path) -> None:
    table = write(tmp_path / "bad.tsv", [f"x{number}\tERR{number}\tUK\t2020" for number in range(120)])
    done = crobot("intake", table, "--database", species)
    assert done.returncode == 1
    assert "line 2, column accession: 'ERR0' is not a run accession" in done.stdout
    assert "and 70 more; --json has all of them" in done.stdout
    assert "bad.tsv, cells between tabs: 120 errors; nothing is added" in done.stdout
    found = document("intake", table, "--database", species, code=1)["errors"]
    assert (found["count"], len(found["all"])) == (120, 120)
    assert found["all"][1] | {"text": ""} == {
        "line": 3, "column": "accession", "value": "ERR1", "text": "",
        "why": "'ERR1' is not a run accession: that is ERR, DRR or SRR and 6 to 10 digits, such as ERR1234567",
    }  # fmt: skip
    assert added(species) == []
    assert value("SELECT count(*) FROM crobot.batches WHERE database = :name", name=species) == 0


def test_what_is_there_is_known_and_sent_only_if_its_assembly_is_missing(
    species: str, tmp_path: Path
) -> None:
    with transaction(species) as session:
        ids = {
            name: strains.add_strain_with_reads(session, name, [f"ERR{number:06d}"]).trace_id
            for number, name in enumerate(("assembled", "failed", "waits", "more reads"))
        }
        for name, passed in (("assembled", True), ("failed", False), ("more reads", True)):
            record = assemblies.AssemblyRecord(None, "1", f"/{name}.fasta", passed)
            assemblies.record_assembly(session, record, [ids[name]])
    lines = [f"{name}\tERR{number:06d}\tUK\t" for number, name in enumerate(ids)]
    table = write(tmp_path / "known.tsv", [*lines, "more reads\tERR000009\t\t", "new\tERR000008\tUK\t2021"])
    found = document("intake", table, "--database", species)
    assert (found["known"], found["to_assemble"], found["new_strains"], found["new_read_sets"]) == (
        1,
        4,
        1,
        2,
    )
    assert found["other_metadata"]["count"] == 4
    assert [(name, bool(why)) for name, _, why in items(found["batch"])] == [
        ("assembled", True), ("failed", False), ("waits", False), ("more reads", False), ("new", False),
    ]  # fmt: skip
    assert added(species)[0] == ("assembled", ["ERR000000"], {})
    only = write(tmp_path / "only.tsv", lines[:1])
    assert "nothing is to be done" in crobot("intake", only, "--database", species).stdout


def test_reads_of_another_strain_are_an_error_with_the_column(species: str, tmp_path: Path) -> None:
    with transaction(species) as session:
        owner = strains.add_strain_with_reads(session, "owner", ["ERR000001"])
    table = write(tmp_path / "other.tsv", ["other\tERR000001\t\t"])
    [error] = document("intake", table, "--database", species, code=1)["errors"]["all"]
    assert (error["line"], error["column"]) == (2, "accession")
    assert f"belong to the strain 'owner' ({owner.strain_barcode}), not to 'other'" in error["why"]
    [error] = document("intake", table, "--database", species, "--user", 7, code=1)["errors"]["all"]
    assert "of the user 0" in error["why"]


def test_files_come_in_as_pairs_once(species: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_roots", [str(tmp_path)])
    files = [tmp_path / f"a_{mate}.fastq" for mate in (1, 2)]
    for mate, path in enumerate(files, 1):
        path.write_text(f"@a/{mate}\nACGT\n+\nIIII\n")
    header, line = "strain,read1,read2", f"{files[0]},{files[1]}"
    found = document("intake", write(tmp_path / "a.csv", [f"a,{line}"], header), "--database", species)
    assert (found["separator"], found["added"]) == ("commas", {"strains": 1, "read_sets": 1})
    with transaction(species) as session:
        assert [(one.read1, one.read2) for one in session.query(Trace)] == [tuple(map(str, files))]
    again = write(tmp_path / "again.csv", [f"a,{line}", "# the same, as another table"], header)
    found = document("intake", again, "--database", species)
    assert (found["new_read_sets"], found["to_assemble"]) == (0, 1)
    other = write(tmp_path / "other.csv", [f"b,{line}"], header)
    [error] = document("intake", other, "--database", species, code=1)["errors"]["all"]
    assert (error["column"], "belong to the strain 'a'" in error["why"]) == ("read1", True)


def test_metadata_that_strains_of_the_species_have_is_a_column_and_a_new_one_is_allowed(
    species: str, tmp_path: Path
) -> None:
    header = "strain,accession,Ward No"
    table = write(tmp_path / "ward.csv", ["x,ERR000001,3"], header)
    assert "there is no column 'Ward No'" in crobot("intake", table, "--database", species).stdout
    assert document("intake", table, "--database", species, "--new-column", "ward no")["metadata"] == [
        "ward_no"
    ]
    more = write(tmp_path / "more.csv", ["y,ERR000002,4"], header)
    assert document("intake", more, "--database", species)["metadata"] == ["ward_no"]
    assert [attributes for _, _, attributes in added(species)] == [{"ward_no": "3"}, {"ward_no": "4"}]


def test_a_name_is_one_tables_and_a_cancelled_batch_needs_another(species: str, table: Path) -> None:
    assert (
        document("intake", table, "--database", species, "--name", f"{species}-a")["batch"] == f"{species}-a"
    )
    # without the name, the table is known by its content
    assert document("intake", table, "--database", species)["batch"] == f"{species}-a"
    assert "by the user 0, not 3" in crobot("intake", table, "--database", species, "--user", 3).stderr
    table.write_text(table.read_text() + "another\tERR000055\t\t\n")
    done = crobot("intake", table, "--database", species, "--name", f"{species}-a")
    assert (done.returncode, "was not made of this table as it is now" in done.stderr) == (1, True)
    name = document("intake", table, "--database", species)["batch"]
    assert crobot("batch", "cancel", name).returncode == 0
    assert "give another --name" in crobot("intake", table, "--database", species).stderr
    assert document("intake", table, "--database", species, "--name", f"{species}-b")["to_assemble"] == 11


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["nowhere.tsv"], "cannot be read: No such file"),
        (["{table}", "--database", "nothing"], "no species 'nothing'"),
        (["{table}", "--name", "a b"], "cannot be named 'a b'"),
    ],
)
def test_what_cannot_be_taken_in_is_one_clear_line(
    species: str, table: Path, options: list[str], why: str
) -> None:
    given = [option.format(table=table) for option in options]
    done = crobot("intake", "--database", species, *given)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert why in done.stderr
