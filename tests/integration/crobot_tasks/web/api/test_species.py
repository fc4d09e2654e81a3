"""Species, schemes and assemblies by HTTP: what is told of them, their files, and where their loci lie."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from crobot_tasks.intake.genomes import Genome, add_assembly
from crobot_tasks.operate.tokens import Scope
from db.engine import transaction
from db.species import Strain
from demo.data import TRUE_ALLELES, TRUE_ST, DemoData
from tests.command import document
from tests.integration.crobot_tasks.jobs.test_following import ended
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import Cluster, query

Make = Callable[..., Client]
SPECIES = f"{ROOT}/species"


@pytest.fixture
def reader(client: Make) -> Client:
    return client(Scope.SPECIES_READ)


@pytest.fixture(scope="module")
def typed(cluster: Cluster, senterica: str, demo_data: DemoData) -> Genome:
    """The small genome, judged, and typed by MLST_Achtman."""
    added = add_assembly(senterica, "of the API", demo_data.sequenced)
    assert ended(added.job_id) == "COMPLETE"
    job = document("send", "scheme", senterica, "MLST_Achtman", added.barcode)["job"]
    assert ended(job) == "COMPLETE"
    return added


def test_species_and_schemes_are_listed(senterica: str, reader: Client) -> None:
    found = {one["name"]: one for one in reader.get(SPECIES)["species"]}
    assert (found[senterica]["genus"], found[senterica]["prefix"]) == ("Salmonella", "SAL")
    path = f"{SPECIES}/{senterica}/schemes"
    schemes = {one["description"]: one for one in reader.get(path)["schemes"]}
    assert schemes["MLST_Achtman"]["pipeline"] == "nomenclature"
    assert "alleles" not in schemes["MLST_Achtman"]
    counted = {one["description"]: one for one in reader.get(f"{path}?counts=true")["schemes"]}
    assert counted["MLST_Achtman"]["loci"] == 7
    assert counted["MLST_Achtman"]["alleles"] > 100
    assert document("scheme", "list", senterica) == reader.get(f"{path}?counts=true")["schemes"]


def test_what_may_be_said_of_a_strain_is_listed_also_to_who_only_uploads(
    senterica: str, typed: Genome, client: Make
) -> None:
    with transaction(senterica) as session:
        strain = session.scalars(select(Strain).where(Strain.strain == "of the API")).one()
        strain.attributes = strain.attributes | {"ward": "7b"}
    uploader = client(Scope.UPLOADS_SEND)
    assert senterica in [one["name"] for one in uploader.get(SPECIES)["species"]]
    found = {one.pop("name"): one for one in uploader.get(f"{SPECIES}/{senterica}/metadata")["metadata"]}
    assert found["country"] == {"kind": "text", "least": None, "most": None, "characters": 1000}
    assert (found["month"]["kind"], found["month"]["least"], found["month"]["most"]) == ("integer", 1, 12)
    assert (found["year"]["least"], found["year"]["most"]) == (1800, datetime.now(UTC).year)
    assert found["latitude"] == {"kind": "number", "least": -90, "most": 90, "characters": None}
    assert (list(found)[-1], found["ward"]["kind"]) == ("ward", "text")
    problem = uploader.problem("GET", f"{SPECIES}/klebsiella/metadata", 404)
    assert problem["type"] == "urn:crobot:UnknownSpecies"
    uploader.problem("GET", f"{SPECIES}/{senterica}/schemes", 403)


def test_an_assembly_is_shown_with_its_qa_what_the_schemes_found_and_its_file(
    senterica: str, typed: Genome, reader: Client
) -> None:
    path = f"{SPECIES}/{senterica}/assemblies"
    listed = reader.get(f"{path}?strain=of+the+API")["assemblies"]
    assert [one["barcode"] for one in listed] == [typed.barcode]
    found = reader.get(listed[0]["url"])
    assert (found["status"], found["qa"]["verdict"]) == ("Failed QA", "fail")
    assert {one["measure"]: one["passed"] for one in found["qa"]["measures"]}["bases"] is False
    assert [one["strain"] for one in found["strains"]] == ["of the API"]
    schemes = {one["scheme"]: one for one in found["schemes"]}
    mlst = schemes["MLST_Achtman"]
    assert (mlst["status"], mlst["results"]["ST"], mlst["outdated"]) == ("COMPLETE", TRUE_ST, "")
    (file,) = (one for one in found["files"] if one["name"] == "assembly")
    assert file["bytes"] == typed.path.stat().st_size
    assert reader.call("GET", file["url"], 200).data == typed.path.read_bytes()
    part = reader.call("GET", file["url"], 206, headers={"Range": "bytes=0-0"})
    assert part.data == b">"
    assert "it has assembly" in reader.problem("GET", f"{listed[0]['url']}/files/passwd", 404)["detail"]


def test_where_loci_lie_is_looked_up(senterica: str, typed: Genome, reader: Client) -> None:
    path = f"{SPECIES}/{senterica}/assemblies/{typed.barcode}/schemes/MLST_Achtman"
    found = reader.get(f"{path}/loci?locus=aroC&locus=thrA")["loci"]
    assert {one["locus"]: one["allele"] for one in found} == {
        name: TRUE_ALLELES[name] for name in ("aroC", "thrA")
    }
    assert found[0]["start"] < found[0]["end"]
    assert "not loci of the scheme" in reader.problem("GET", f"{path}/loci?locus=none", 422)["detail"]
    gff = reader.call("GET", f"{path}/gff", 200)
    assert gff.text.startswith("##gff")
    assert gff.content_type == "text/plain; charset=utf-8"


def test_assemblies_are_listed_by_pages(
    senterica: str, typed: Genome, reader: Client, demo_data: DemoData
) -> None:
    for number in range(2):
        add_assembly(senterica, f"of pages {number}", demo_data.sequenced, send=False)
    there = [one["barcode"] for one in document("assembly", "list", senterica, "--limit", 100_000)]
    # other tests may have made thousands of assemblies that have no barcode
    limit = max(2, len(there) // 10)
    path, seen = f"{SPECIES}/{senterica}/assemblies?limit={limit}", []
    while path:
        page = reader.get(path)
        assert 0 < len(page["assemblies"]) <= limit
        seen += [one["barcode"] for one in page["assemblies"] if one["barcode"]]
        path = page["next"]
    # jobs of other tests may add some meanwhile
    assert [barcode for barcode in seen if barcode in there] == [barcode for barcode in there if barcode][
        ::-1
    ]
    assert len(set(seen)) == len(seen)


def test_an_assembly_without_a_barcode_is_listed_and_has_no_page(senterica: str, reader: Client) -> None:
    add = f"INSERT INTO {senterica}.assemblies (status, file_pointer) VALUES ('Assembled', '/old.fasta') RETURNING id"
    number = query(add)[0].id
    (first, *_) = reader.get(f"{SPECIES}/{senterica}/assemblies")["assemblies"]
    assert (first["barcode"], first["url"], first["status"]) == (None, None, "Assembled")
    query(f"DELETE FROM {senterica}.assemblies WHERE id = :id RETURNING id", id=number)


def test_the_results_are_one_table_by_pages_or_as_a_file(
    senterica: str, typed: Genome, reader: Client
) -> None:
    path, where = f"{SPECIES}/{senterica}/results", "where=strain%3Dof+the+API"
    found = reader.get(f"{path}?{where}")
    (row,) = found["results"]
    assert found["next"] is None
    assert set(found["columns"]) == set(row)
    assert (row["barcode"], row["status"], row["MLST_Achtman.ST"]) == (typed.barcode, "Failed QA", TRUE_ST)
    assert row["qa"].startswith("bases ")
    chosen = f"{path}?{where}&column=MLST_Achtman.ST&column=strain"
    assert reader.get(chosen)["columns"] == ["MLST_Achtman.ST", "strain"]
    for kind, sign in (("tsv", "\t"), ("csv", ",")):
        table = reader.call("GET", f"{chosen}&format={kind}", 200)
        assert table.text == f"MLST_Achtman.ST{sign}strain\n{TRUE_ST}{sign}of the API\n"
        assert table.headers["Content-Disposition"] == f"attachment; filename={senterica}.{kind}"
    assert "did you mean strain?" in reader.problem("GET", f"{path}?column=strian", 422)["detail"]
    assert "'MLST'" in reader.problem("GET", f"{path}?scheme=MLST", 422)["detail"]


def test_pages_of_the_results_have_each_assembly_once_the_newest_first(
    senterica: str, typed: Genome, reader: Client, demo_data: DemoData
) -> None:
    for number in range(3):
        add_assembly(senterica, f"of results {number}", demo_data.sequenced, send=False)
    path, seen = f"{SPECIES}/{senterica}/results?limit=2&column=strain&where=strain~of+results", []
    while path:
        page = reader.get(path)
        assert len(page["results"]) <= 2
        seen += [one["strain"] for one in page["results"]]
        path = page["next"]
    assert seen == ["of results 2", "of results 1", "of results 0"]


@pytest.mark.parametrize(
    "path",
    ["nosuch/schemes", "nosuch/assemblies", "nosuch/results", "senterica/assemblies/nosuch",
     "senterica/assemblies/SAL_ZZ9999AA_AS",
     "senterica/assemblies/%00", "sente%00rica/schemes", "crobot/schemes", "nosuch/assemblies/x/files/assembly",
     "nosuch/assemblies/x/schemes/y/gff", "nosuch/assemblies/x/schemes/y/loci?locus=z",
     "senterica/assemblies/SAL_ZZ9999AA_AS/schemes/MLST_Achtman/gff"],
)  # fmt: skip
def test_what_a_path_names_and_is_not_there_is_404(senterica: str, reader: Client, path: str) -> None:
    reader.problem("GET", f"{SPECIES}/{path}", 404)


def test_the_species_need_their_scope(senterica: str, app_of_7: Client) -> None:
    says = app_of_7.problem("GET", f"{SPECIES}/{senterica}/assemblies", 403)["detail"]
    assert "species:read or admin:read" in says
