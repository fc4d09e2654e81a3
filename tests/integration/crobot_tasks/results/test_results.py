"""The table of a species: every genome with what each scheme found, filtered, and the same in all its forms."""

from __future__ import annotations

import csv
import json
from io import StringIO
from itertools import count
from typing import Any

import pytest

from crobot_errors import BadInput, UnknownScheme, UnknownSpecies
from crobot_tasks.intake.scheme_calls import add_scheme
from crobot_tasks.maintenance.outdated import current_version
from crobot_tasks.results import Results
from db import nomenclature, registry
from db.engine import transaction
from db.nomenclature import PublishedType
from db.species import SequenceType, assemblies, lookups, strains
from db.species.assemblies import AssemblyRecord
from db.species.lookups import LookupStatus
from db.species.schemes import find_scheme
from tests.command import crobot
from tests.integration.conftest import GENERA

_runs = count(900001)
DATABASE, TYPING = "table_of_results", "MLST_tiny"
# not by the alphabet, nor by their lengths
LOCI = ["thrA", "abcZ", "gki"]
ALLELES = [
    (locus, number, locus[0].upper().replace("T", "C") * number) for locus in LOCI for number in (1, 2)
]
TYPES = [
    PublishedType(1, [1, 1, 1], {"clonal_complex": "ST-1 complex", "species": "a"}),
    PublishedType(2, [2, 1, 1], {"clonal_complex": "ST-2 complex"}),
]
NEWER = [TYPES[0]._replace(others={"clonal_complex": "ST-1 complex", "species": "b"}), *TYPES[1:]]
MEASURES = [
    {"measure": "bases", "value": 4_800_000, "unit": "bp", "limit": "4-5.8 M", "passed": True},
    {"measure": "N50", "value": 900, "unit": "bp", "limit": "> 20 k", "passed": False},
]
QASSEMBLY, SEROPRED = current_version("QAssembly"), current_version("SeroPred")


@pytest.fixture(scope="module")
def species(two_species: str) -> str:
    """Four genomes: all known of the first, what odd results look like of the others."""
    registry.add_species(DATABASE, "Salmonella enterica", "Salmonella", "TOR", [], GENERA)
    import_types(TYPES)
    add_scheme(DATABASE, "SeroPred", "SeroPred")
    first = add_genome("first", {"country": "Ireland", "year": 2019})
    call(first, TYPING, version(), {"alleles": dict(zip(LOCI, (2, 1, 1), strict=True))}, st=2)
    call(first, "SeroPred", "", {"serovar": "Typhi", "O": "9", "qc": {"status": "PASS"}, "genes": ["x"] * 9})
    second = add_genome("second", {"country": "UK", "status": "checked"}, old=True)
    call(second, TYPING, "an older release", {"alleles": {"thrA": 1, "abcZ": -1, "gki": 0}}, st=None)
    add_genome("third", {}, passed=False)
    fourth = add_genome("=fourth", {"country": 'the\t"UK"'})
    with transaction(DATABASE) as session:
        lookups.sent(session, fourth, find_scheme(session, TYPING).id, 77, "4.1")
    return DATABASE


def import_types(types: list[PublishedType]) -> None:
    with transaction(DATABASE) as session:
        nomenclature.import_scheme(session, "tiny", TYPING, "tiny", LOCI, ALLELES, types)


def version() -> str:
    with transaction(DATABASE) as session:
        return str(find_scheme(session, TYPING).version)


def add_genome(name: str, attributes: dict[str, Any], *, passed: bool = True, old: bool = False) -> int:
    with transaction(DATABASE) as session:
        added = strains.add_strain_with_reads(session, name, [f"ERR{next(_runs)}"])
        strain = strains.lock_strain(session, name)
        strain.attributes = attributes
        record = AssemblyRecord(
            None if name == "first" else 100 + len(name),
            "0.9" if old else QASSEMBLY,
            "/genome.fasta",
            passed,
            n50=900 + len(name),
            total_length=4_800_000,
            stats={"qa": {"measures": [] if passed else MEASURES}},
        )
        return assemblies.record_assembly(session, record, [added.trace_id]).id


def call(assembly: int, scheme: str, release: str, found: dict[str, Any], st: int | None = None) -> None:
    current = current_version("nomenclature") if scheme == TYPING else SEROPRED
    with transaction(DATABASE) as session:
        row = find_scheme(session, scheme)
        lookups.sent(session, assembly, row.id, 1, current)
        barcode = nomenclature.numbering.st_barcode(session, st) if st else ""
        lookups.completed(
            session, assembly, row.id, 1, current, found | {"scheme_version": release}, st_barcode=barcode
        )


def rows(*where: str, **more: Any) -> list[dict[str, Any]]:
    found = Results(DATABASE, where=where, **more)
    names = [column.name for column in found.columns]
    return [dict(zip(names, row, strict=True)) for row in found.rows()]


def names(*where: str, **more: Any) -> list[str]:
    return [row["strain"] for row in rows(*where, **more)]


def test_a_line_has_all_that_is_known(species: str) -> None:
    row = rows()[0]
    assert [name for name in row if name.startswith(TYPING)] == [
        f"{TYPING}.{name}" for name in ("ST", "clonal_complex", "species", *LOCI, "stands", "version")
    ]
    assert [row[name] for name in ("strain", "country", "year", "in_use", "status", "qa", "n50")] == [
        "first", "Ireland", 2019, True, "Assembled", "", 905,
    ]  # fmt: skip
    assert [row[f"{TYPING}.{name}"] for name in ("ST", "clonal_complex", "species", *LOCI, "stands")] == [
        2, "ST-2 complex", None, 2, 1, 1, "COMPLETE",
    ]  # fmt: skip
    assert [row[f"SeroPred.{name}"] for name in ("serovar", "O", "H1", "qc", "version")] == [
        "Typhi", "9", None, "PASS", SEROPRED,
    ]  # fmt: skip


def test_what_is_incomplete_outdated_failed_or_under_way_says_so(species: str) -> None:
    _, second, third, fourth = rows()
    assert [second[f"{TYPING}.{name}"] for name in ("ST", "clonal_complex", *LOCI)] == [None, None, 1, -1, 0]
    assert "an older release" in second[f"{TYPING}.stands"]
    assert "0.9" in second["outdated"]
    assert (second["status"], second["strain.status"]) == ("Assembled", "checked")
    assert (third["status"], third["in_use"]) == ("Failed QA", False)
    assert third["qa"] == "N50 900 bp (limit > 20 k)"
    assert (third[f"{TYPING}.stands"], third[f"{TYPING}.ST"]) == ("", None)
    assert (fourth[f"{TYPING}.stands"], fourth["SeroPred.stands"]) == (LookupStatus.QUEUED, "")


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("country=Ireland", ["first"]),
        ("country=", ["third"]),
        ("country != UK", ["first", "third", "=fourth"]),
        ("country~uk", ["second", "=fourth"]),
        ("year>=2019", ["first"]),
        ("year<2019", []),
        ("n50>905", ["second", "=fourth"]),
        ("in_use=no", ["third"]),
        (f"{TYPING}.ST=2", ["first"]),
        (f"{TYPING}.clonal_complex=ST-2 complex", ["first"]),
        ("SeroPred.serovar~typh", ["first"]),
    ],
)
def test_conditions_choose_lines(species: str, condition: str, found: list[str]) -> None:
    assert names(condition) == found


def test_several_conditions_must_all_be_met_and_only_assemblies_in_use_may_be_asked_for(species: str) -> None:
    assert names("n50>905", "country=UK") == ["second"]
    assert names(in_use=True) == ["first", "second", "=fourth"]


def test_pages_begin_with_the_newest_and_say_where_to_go_on(species: str) -> None:
    found = Results(DATABASE, columns=["strain"])
    page, before = found.newest(3)
    assert [row[0] for row in page] == ["=fourth", "third", "second"]
    assert found.newest(3, before) == ([["first"]], None)
    assert found.newest(4)[1] is None


def test_a_page_ends_although_few_of_many_are_wanted(species: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crobot_tasks.results.results.SLICE", 1)
    monkeypatch.setattr("crobot_tasks.results.results.LOOKED_AT", 2)
    found = Results(DATABASE, columns=["strain"], where=["country=Ireland"])
    nothing, before = found.newest(1)
    assert (nothing, before is not None) == ([], True)
    page, end = found.newest(1, before)
    assert page == [["first"]]
    assert end is not None  # nobody has looked whether any follow
    assert found.newest(1, end) == ([], None)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("country", "the condition 'country' is not understood: write a column"),
        ("contry=UK", "there is no column 'contry': did you mean country?"),
        ("xyz=UK", "there is no column 'xyz': there are strain, "),
        ("year>old", "compares with 'old', which is no number"),
    ],
)
def test_a_condition_that_cannot_be_names_the_way_out(species: str, condition: str, why: str) -> None:
    with pytest.raises(BadInput, match=why.replace("?", r"\?")):
        Results(DATABASE, where=[condition])


def test_schemes_are_chosen_by_name(species: str) -> None:
    assert not [name for name in rows(schemes=["SeroPred"])[0] if name.startswith(TYPING)]
    with pytest.raises(UnknownScheme, match="'Sero': there are"):
        Results(DATABASE, schemes=["Sero"])
    with pytest.raises(UnknownSpecies):
        Results("nowhere")


def test_a_newer_release_says_otherwise_of_types_that_are_there(species: str) -> None:
    import_types(NEWER)
    with transaction(DATABASE) as session:
        found = nomenclature.find_scheme(session, "tiny")
        of_scheme = session.query(SequenceType).filter_by(scheme_id=found.id)
        said = {one.number: one.published for one in of_scheme}
    assert said == {one.number: one.others for one in NEWER}


def test_all_forms_say_the_same_and_a_strange_name_breaks_none(species: str) -> None:
    tsv = crobot("results", DATABASE, "--tsv", "-").stdout
    of_tsv = list(csv.DictReader(StringIO(tsv), delimiter="\t", quoting=csv.QUOTE_NONE))
    of_csv = list(csv.DictReader(StringIO(crobot("results", DATABASE, "--csv", "-").stdout)))
    assert of_tsv == of_csv
    assert [row["strain"] for row in of_csv] == ["first", "second", "third", "=fourth"]
    assert of_csv[3]["country"] == 'the "UK"'  # neither a tab nor a quote ends a field
    of_json = json.loads(crobot("results", DATABASE, "--json").stdout)
    assert of_json == json.loads(json.dumps(rows(), default=str))
    assert json.loads(crobot("results", DATABASE, "--json", "--where", "country=France").stdout) == []


def test_people_see_the_newest_with_one_column_a_scheme(species: str) -> None:
    shown = crobot("results", DATABASE, "--limit", "2").stdout
    assert "the newest 2 of 4 assemblies; --tsv FILE" in shown
    assert "N50 900 bp (limit > 20 k)" in shown
    header = shown.splitlines()[0].split()
    assert header == ["Strain", "Assembly", "Status", TYPING, "SeroPred", "Failed"]
    none = crobot("results", DATABASE, "--where", "country=France").stdout
    assert none == "no assembly is like that\n"
    twice = crobot("results", DATABASE, "--tsv", "-", "--csv", "-")
    assert (twice.returncode, "give one of --tsv" in twice.stderr) == (2, True)
