"""SNP projects: what is sent when, what they find, in which files, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from crobot_errors import BadInput
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.snp import Project, send_project
from crobot_tasks.operate.projects import describe
from db.engine import transaction
from db.species import AssemblyLookup, LookupStatus, assemblies
from db.system import UserJob, projects
from tests.integration.crobot_tasks.jobs.snp.projects import (
    SPECIES,
    WINDOW,
    counters,
    data,
    live,
    lookup,
    project,
    recorded,
    recorded_of,
    tags,
    wish,
    work_all,
    written,
)
from tests.trees import read_tree, sides
from tests.truth.agona import OUTLIER, published, write_fasta
from workers.assembling.base_quality import TOP, write_bedgraph
from workers.trees.names import Names


def test_a_project_goes_from_step_to_step_and_keeps_what_it_found(
    codes: Mapping[str, str], tmp_path: Path
) -> None:
    project_id = send_project(project(codes, user_id=7))
    wish(project_id)
    assert tags(project_id) == ["queued", "queued", "not_sent", "not_sent"]
    assert {row.tag for row in live()} == {f"snp_project:{project_id}"}
    assert work_all(tmp_path) == ["refMasker", "refMapper", "refMapper_matrix", "matrix_phylogeny"]
    found = data(project_id)
    assert tags(project_id) == ["complete"] * 4
    assert found["complete"] == "true"
    assert "failed" not in found
    for key in "matrix raxml_tree snp_fasta shares_file data_file tree_png tree_svg distances_png".split():
        assert Path(found[key]).is_file()
    with transaction(SPECIES) as session:
        ids = {name: assemblies.find_assembly(session, code).id for name, code in codes.items()}
        job = session.get_one(UserJob, found["matrix_phylogeny_id"])
        assert (job.pipeline, job.accession, job.user_id) == (
            "matrix_phylogeny",
            f"snp_project:{project_id}",
            7,
        )
    assert found["ref_id"] == ids["reference"]
    assert found["assembly_ids"] == [ids[name] for name in (OUTLIER, "ERR178926", "SRR1566386")]
    assert set(found["snp_count"]) == set(map(str, found["assembly_ids"]))
    row = lookup(codes, OUTLIER)
    assert counters(row) == (1, 1, 0, 0)
    assert row.status is LookupStatus.COMPLETE
    assert row.st_barcode == codes["reference"]
    assert row.results["snps"] == found["snp_count"][str(ids[OUTLIER])]
    assert Path(row.results["file_pointer"]).is_file()
    assert Path(lookup(codes, "reference", "ref_masker").results["file_location"]).is_file()
    shown = describe(project_id)
    assert shown["state"] == "complete"
    assert shown["snp_count"][codes[OUTLIER]] == row.results["snps"]
    assert [step["state"] for step in shown["steps"]] == ["COMPLETE"] * 4
    told = [
        (one["type"], one["data"]["url"], one["data"]["result"]["raxml_tree"]) for one in written(project_id)
    ]
    assert told == [("analysis.complete", f"/api/v1.0/projects/{project_id}", found["raxml_tree"])]


def test_an_assembly_of_known_quality_is_believed_by_its_reads_and_the_others_as_before(
    codes: Mapping[str, str], tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    genomes = published(pytestconfig.cache.mkdir("demo-data")).window(*WINDOW)
    own, reference = genomes["ERR178929"], genomes["reference"]
    first, *others = [at for at in range(len(own)) if own[at] != reference[at]]
    qualities = np.full(len(own), TOP)
    qualities[first] = 3
    fasta = write_fasta(storage_root() / "snp-genomes" / "read.fasta", "read", own)
    pointer = write_bedgraph(fasta.with_suffix(".bedgraph.gz"), {"read": qualities})
    barcode = recorded(fasta, quality_pointer=str(pointer))
    chosen = codes | {"read": barcode}
    send_project(project(chosen, OUTLIER, "ERR178926", "read"))
    (mapper,) = live("refMapper")
    assert mapper.kwargs["inputs"][f"quality:{barcode}"] == str(pointer)
    assert sum(name.startswith("quality:") for name in mapper.kwargs["inputs"]) == 1
    work_all(tmp_path)
    read, unread = lookup(chosen, "read"), lookup(codes, OUTLIER)
    assert (read.results["by_reads"], unread.results["by_reads"]) == (True, False)
    assert (read.results["low_quality_bases"], read.results["snps"]) == (1, len(others))
    assert unread.results["snps"] == 1 + len(others)
    assert str(pointer) in read.results["provenance"]["inputs"]


@pytest.mark.parametrize("names", Names)
def test_files_have_strains_names_made_safe_or_barcodes(
    codes: Mapping[str, str], tmp_path: Path, pytestconfig: pytest.Config, names: Names
) -> None:
    genomes = published(pytestconfig.cache.mkdir("demo-data")).window(*WINDOW)
    strains = {f"Berlin 1/26 {names}": OUTLIER, f"Berlin_1_26 {names}": "ERR178926"}
    own = {
        strain: recorded_of(
            strain, write_fasta(storage_root() / f"{names}-{isolate}.fasta", isolate, genomes[isolate])
        )
        for strain, isolate in strains.items()
    }
    one, other = own.values()
    asked = Project(
        SPECIES, "names", codes["reference"], [one, other, codes["SRR1566386"]], outgroup=one, names=names
    )
    project_id = send_project(asked)
    work_all(tmp_path)
    found = data(project_id)
    called = {
        Names.STRAIN: {one: f"Berlin_1_26_strain_{one}", other: f"Berlin_1_26_strain_{other}"},
        Names.BARCODE: {one: one, other: other},
    }[names]
    everybody = {*called.values(), codes["reference"], codes["SRR1566386"]}
    assert {leaf.name for leaf in read_tree(Path(found["raxml_tree"])).get_terminals()} == everybody
    assert [called[one]] in sides(read_tree(Path(found["raxml_tree"])))
    assert {*Path(found["snp_fasta"]).read_text().split()[::2]} == {f">{name}" for name in everybody}
    assert {*Path(found["data_file"]).read_text().splitlines()[0].split("\t")[1:]} == everybody
    # who asks in JSON knows barcodes, and pictures have the names as they are
    shown = describe(project_id)
    assert set(shown["distances"][0][1:]) == {*own.values(), codes["reference"], codes["SRR1566386"]}
    assert (shown["warnings"], shown["core_share"]) == ([], pytest.approx(1, abs=0.01))
    assert shown["shares"][one]["used_share"] > 0.99
    assert "Berlin 1/26" in Path(found["tree_svg"]).read_text()
    assert send_project(asked) == project_id


def test_what_cannot_work_is_refused_and_nothing_is_stored(codes: Mapping[str, str], tmp_path: Path) -> None:
    bad = recorded(write_fasta(storage_root() / "bad.fasta", "bad", "ACGT" * 100), passed=False)
    protein = recorded(write_fasta(storage_root() / "protein.fasta", "protein", "MKLVEF" * 20))
    good = [codes[name] for name in (OUTLIER, "ERR178926", "SRR1566386")]
    wrong = {
        "named twice": [*good, good[0]],
        "is the reference": [*good, codes["reference"]],
        "at least 4 genomes": good[:2],
        "failed the QA": [*good, bad],
        "is no nucleotide": [*good, protein],
        "has no assembly": [*good, "SAL_ZZ9999AA_AS"],
        "not a barcode|not the barcode|barcode": [*good, "nonsense"],
    }
    for message, chosen in wrong.items():
        with pytest.raises(BadInput, match=message):
            send_project(Project(SPECIES, "a project", codes["reference"], chosen))
    with pytest.raises(BadInput, match="outgroup"):
        send_project(project(codes, outgroup="SAL_ZZ9999AA_AS"))
    with pytest.raises(BadInput, match="needs a name"):
        send_project(Project(SPECIES, " ", codes["reference"], good))
    with transaction(SPECIES) as session:
        assert projects.listing(session) == []
        assert session.query(AssemblyLookup).count() == 0
    assert live() == []
