"""Analyses and SNP projects by HTTP: sent, shown with their files, and seen by their user alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crobot_tasks.broker.folders import storage_root
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate.tokens import Scope
from demo.data import DemoData
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, ended
from tests.processes import Cluster, query, value
from workers.storage import job_dir

Make = Callable[..., Client]


@pytest.fixture(scope="module")
def genomes(cluster: Cluster, senterica: str, demo_data: DemoData) -> list[str]:
    """The barcodes of the small genome in four strains."""
    return [
        add_assembly(senterica, f"to compare {number}", demo_data.sequenced, send=False).barcode
        for number in range(4)
    ]


def first_bases(data: DemoData, number: int = 300) -> str:
    lines = data.genome.read_text().splitlines()
    return "".join(line for line in lines if not line.startswith(">"))[:number]


def test_a_sequence_is_searched_and_its_hits_are_got_as_a_file(
    senterica: str, genomes: list[str], app_of_7: Client, client: Make, demo_data: DemoData
) -> None:
    wanted = {"database": senterica, "assembly": genomes[0], "query": first_bases(demo_data), "name": "mine"}
    sent = app_of_7.post(f"{ROOT}/analyses/locus-search", wanted)
    assert ended(sent["job"]) == "COMPLETE"
    found = app_of_7.get(sent["url"])
    assert (found["state"], found["name"], found["type"]) == ("complete", "mine", "locus_search")
    assert found["data"]["hit_count"] == len(found["data"]["hits"]) > 0
    (file,) = found["files"]
    assert file["name"] == "hits_file"
    assert len(app_of_7.call("GET", file["url"], 200).data) == file["bytes"]
    app_of_7.problem("GET", sent["url"] + "/files/nwk", 404)
    again = app_of_7.post(f"{ROOT}/analyses/locus-search", wanted, 200)
    assert (again["analysis"], again["cached"]) == (sent["analysis"], True)
    listed = app_of_7.get(f"{ROOT}/analyses?database={senterica}")["analyses"]
    assert [one["id"] for one in listed] == [sent["analysis"]]
    other = client()
    assert other.get(f"{ROOT}/analyses")["analyses"] == []
    for path in (sent["url"], file["url"], f"{ROOT}/analyses/{2**70}", f"{ROOT}/projects/{sent['analysis']}"):
        assert other.problem("GET", path, 404)["type"] == "urn:crobot:UnknownAnalysis"
    app_of_7.problem("GET", f"{ROOT}/projects/{sent['analysis']}", 404)
    assert client(Scope.ADMIN_READ).get(sent["url"])["id"] == sent["analysis"]
    noted = query("SELECT about FROM crobot.changes WHERE user_id = :id AND about <> ''", id=app_of_7.user)
    assert [row.about for row in noted] == [f"analysis {sent['analysis']}"] * 2


def test_a_sequence_is_searched_in_many_and_the_table_and_its_picture_are_got(
    senterica: str, genomes: list[str], app_of_7: Client, demo_data: DemoData
) -> None:
    wanted = {
        "database": senterica,
        "barcodes": genomes[:3],
        "query": first_bases(demo_data),
        "min_coverage": 80,
    }
    sent = app_of_7.post(f"{ROOT}/analyses/locus-table", wanted)
    assert ended(sent["job"]) == "COMPLETE"
    found = app_of_7.get(sent["url"])
    assert (found["type"], found["data"]["searched"], found["data"]["min_coverage"]) == ("locus_table", 3, 80)
    files = {one["name"]: one["url"] for one in found["files"]}
    assert files.keys() == {"table", "hits", "json", "svg", "png"}
    table = app_of_7.call("GET", files["table"], 200).get_data(as_text=True).splitlines()
    assert [line.split("\t")[0] for line in table] == ["barcode", *genomes[:3]]
    document = json.loads(app_of_7.call("GET", files["json"], 200).data)
    assert [one["barcode"] for one in document["assemblies"]] == genomes[:3]
    assert app_of_7.call("GET", files["svg"], 200).content_type.startswith("image/svg+xml")
    again = app_of_7.post(f"{ROOT}/analyses/locus-table", wanted, 200)
    assert (again["analysis"], again["cached"]) == (sent["analysis"], True)


def test_a_tree_of_profiles_is_sent_and_cancelled(
    cluster: Cluster, senterica: str, genomes: list[str], app_of_7: Client
) -> None:
    for barcode in genomes[:2]:
        item = {"database": senterica, "scheme": "MLST_Achtman", "assembly": barcode}
        job = app_of_7.call("POST", f"{ROOT}/jobs", 201, json=item).get_json()["job"]
        assert ended(job) == "COMPLETE"
    wanted = {"database": senterica, "scheme": "MLST_Achtman", "barcodes": genomes[:2], "priority": 9}
    wanted |= {"colour_by": "MLST_Achtman.ST", "names": "barcode"}
    sent = app_of_7.post(f"{ROOT}/analyses/ms-tree", wanted)
    asked = app_of_7.get(sent["url"])["data"]
    assert (asked["assemblies"], asked["method"]) == (2, "MSTreeV2")
    assert (asked["shown_by"], asked["names"]) == ("MLST_Achtman.ST", "barcode")
    joined = app_of_7.post(f"{ROOT}/analyses/ms-tree", wanted, 200)
    assert (joined["analysis"], joined["joined"] or joined["cached"]) == (sent["analysis"], True)
    app_of_7.post(f"{ROOT}/jobs/{sent['job']}/cancel", status=200)


def test_pictures_are_shown_and_may_load_and_run_nothing(cluster: Cluster, app_of_7: Client) -> None:
    job, folder = made_up(app_of_7)
    (folder / "tree.svg").write_text("<svg/>")
    (folder / "tree.png").write_bytes(b"\x89PNG")
    (folder / "tree.nwk").write_text("(a,b);")
    data = {"job_id": job, "complete": "true", "loci": 7}
    data |= {kind: str(folder / f"tree.{kind}") for kind in ("svg", "png", "nwk", "json")}
    number = stored(app_of_7, "ms_tree", data)
    found = app_of_7.get(f"{ROOT}/analyses/{number}")
    assert found["data"] == {"job_id": job, "complete": "true", "loci": 7}
    files = {one["name"]: one for one in found["files"]}
    assert [name for name, one in files.items() if one["bytes"] is None] == ["json"]
    picture = app_of_7.call("GET", files["svg"]["url"], 200)
    assert picture.content_type.startswith("image/svg+xml")
    assert "sandbox" in picture.headers["Content-Security-Policy"]
    assert picture.headers["Content-Disposition"].startswith("inline")
    assert app_of_7.call("GET", files["png"]["url"], 200).content_type == "image/png"
    tree = app_of_7.call("GET", files["nwk"]["url"], 200)
    assert tree.headers["Content-Disposition"].startswith("attachment")
    query("DELETE FROM system.user_preferences WHERE id = :id RETURNING id", id=number)


def made_up(client: Client) -> tuple[int, Path]:
    """A complete job, and its folder, for files that no tool has written."""
    job = client.probe()
    assert ended(job) == "COMPLETE"
    folder = job_dir(storage_root(), job) / "1"
    folder.mkdir(parents=True, exist_ok=True)
    return job, folder


def stored(client: Client, kind: str, data: dict[str, Any]) -> int:
    """The number of an analysis that no job has made."""
    add = (
        "INSERT INTO system.user_preferences (user_id, database, type, name, data)"
        " VALUES (:user, 'senterica', :kind, 'made up', CAST(:data AS jsonb)) RETURNING id"
    )
    return int(value(add, user=client.user, kind=kind, data=json.dumps(data)))


def test_an_snp_project_is_sent_shown_and_resumed_where_it_failed(
    senterica: str, genomes: list[str], app_of_7: Client, client: Make
) -> None:
    # as if it were long enough; the statistics of the small genome are not
    query(
        "UPDATE senterica.assemblies SET status = 'Assembled' WHERE barcode = ANY(:codes) RETURNING id",
        codes=genomes,
    )
    wanted = {"database": senterica, "name": "outbreak", "reference": genomes[0], "assemblies": genomes[1:]}
    sent = app_of_7.post(f"{ROOT}/projects", wanted)
    assert (sent["state"], sent["taxa"], sent["reference"]) == ("live", 4, genomes[0])
    jobs = [step["job"] for step in sent["steps"] if step["job"]]
    assert "goes on already" in app_of_7.problem("POST", sent["url"] + "/resume", 409)["detail"]
    cancel_each(jobs)
    [ended(job) for job in jobs]
    found = app_of_7.get(sent["url"])
    assert (found["state"], found["failed_step"] is not None) == ("failed", True)
    assert [one["id"] for one in app_of_7.get(f"{ROOT}/projects")["projects"]] == [sent["id"]]
    other = client()
    other.problem("POST", sent["url"] + "/resume", 404)
    assert other.get(f"{ROOT}/projects")["projects"] == []
    admin = client(Scope.ADMIN_READ, Scope.JOBS_STEER)
    assert "somebody else's" in admin.problem("POST", sent["url"] + "/resume", 403)["detail"]
    resumed = app_of_7.post(sent["url"] + "/resume", status=200)
    assert resumed["state"] == "live"
    again = [step["job"] for step in resumed["steps"] if step["job"]]
    cancel_each(again)
    [ended(job) for job in again]


def test_files_of_a_project_come_from_its_own_jobs_only(cluster: Cluster, app_of_7: Client) -> None:
    job, folder = made_up(app_of_7)
    (folder / "tree.svg").write_text("<svg/>")
    data: dict[str, Any] = {
        "ref_masker": "complete", "ref_mapper": "complete", "ref_mapper_matrix": "complete",
        "matrix_phylogeny": "complete", "matrix_phylogeny_id": job, "reference": "a", "barcodes": {"b": 1},
        "labels": {}, "date_created": "2026-01-01", "date_modified": "2026-01-01", "complete": "true",
        "tree_svg": str(folder / "tree.svg"), "matrix": "/etc/passwd", "raxml_tree": str(Path(__file__)),
    }  # fmt: skip
    number = stored(app_of_7, "snp_project", data)
    files = {one["name"]: one for one in app_of_7.get(f"{ROOT}/projects/{number}")["files"]}
    assert [name for name, one in files.items() if one["bytes"] is None] == ["matrix", "raxml_tree"]
    assert app_of_7.call("GET", files["tree_svg"]["url"], 200).data == b"<svg/>"
    for name in ("matrix", "raxml_tree", "labels", "nothing"):
        app_of_7.problem("GET", f"{ROOT}/projects/{number}/files/{name}", 404)
    query("DELETE FROM system.user_preferences WHERE id = :id RETURNING id", id=number)


@pytest.mark.parametrize(
    ("path", "item", "says"),
    [
        ("analyses/locus-search", {"assembly": "SAL_ZZ9999AA_AS", "query": "ACGT" * 20}, "has no assembly"),
        ("analyses/locus-search", {"assembly": "x", "query": "not a sequence!"}, ""),
        ("analyses/locus-search", {"assembly": "x", "query": "A\0C"}, ""),
        ("analyses/locus-search", {"assembly": "x", "query": "ACGT", "min_identity": "90"}, "min_identity"),
        ("analyses/locus-table", {"barcodes": ["ESC_AA0001AA_AS"], "query": "ACGT" * 20}, "ESC_AA0001AA_AS"),
        ("analyses/locus-table", {"barcodes": ["x"] * 5001, "query": "ACGT" * 20}, "barcodes"),
        ("analyses/locus-table", {"barcodes": [], "query": "ACGT" * 20, "min_coverage": 101}, "min_coverage"),
        ("analyses/ms-tree", {"scheme": "nosuch", "barcodes": ["a", "b"]}, "nosuch"),
        ("analyses/ms-tree", {"scheme": "SeroPred", "barcodes": ["a"]}, "barcodes"),
        ("analyses/ms-tree", {"scheme": "MLST_Achtman", "method": "UPGMA"}, "method"),
        ("projects", {"name": "p", "reference": "a", "assemblies": ["b"]}, "at least 4 genomes"),
        ("projects", {"name": "p", "reference": "a", "assemblies": ["b"], "database": "nosuch"}, "nosuch"),
        ("projects", {"name": "p", "reference": "a", "assemblies": ["b"], "workgroup": "x"}, "no workgroup"),
    ],
)
def test_what_cannot_be_analysed_is_refused_and_nothing_is_stored(
    senterica: str, app_of_7: Client, path: str, item: dict[str, Any], says: str
) -> None:
    given = {"database": senterica, **item}
    assert says in app_of_7.problem("POST", f"{ROOT}/{path}", 422, json=given)["detail"]
    assert value("SELECT count(*) FROM system.user_preferences WHERE user_id = :id", id=app_of_7.user) == 0
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :id", id=app_of_7.user) == 0
