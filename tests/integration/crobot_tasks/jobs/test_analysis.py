"""Analyses of users by a head and two nodes: their state in user_preferences says the same as their job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crobot_errors import BadInput, BadQuery
from crobot_tasks.intake.genomes import Genome, add_assembly
from crobot_tasks.jobs import LocusSearchJob, MSTreeJob, NomenclatureJob, get_crobot_job
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.results import values_of
from crobot_tasks.webhooks.analyses import post_analysis
from db.engine import transaction
from db.species.schemes import find_scheme
from db.system import preferences
from demo.data import LOCI, TRUE_ALLELES, TRUE_ST, DemoData
from tests.integration.crobot_tasks.jobs.test_following import ended
from tests.posted_outcomes import Serve, over
from tests.processes import Cluster
from workers.fasta import reverse_complement
from workers.nomenclature.allele_files import read_alleles
from workers.trees import profiles


@pytest.fixture(scope="module")
def typed(cluster: Cluster, senterica: str, demo_data: DemoData) -> Genome:
    """The small genome, typed by MLST_Achtman."""
    added = add_assembly(senterica, "of analyses", demo_data.sequenced, send=False)
    with transaction(senterica) as session:
        scheme = find_scheme(session, "MLST_Achtman")
        job = NomenclatureJob(
            scheme=scheme,
            database=senterica,
            assembly_barcode=added.barcode,
            assembly_filepointer=str(added.path),
        )
    assert ended(job.send_job()) == "COMPLETE"
    return added


@pytest.fixture(scope="module")
def aroc(demo_data: DemoData) -> str:
    alleles = {(locus, number): bases for locus, number, bases in read_alleles(demo_data.alleles)}
    return alleles["aroC", TRUE_ALLELES["aroC"]]


def state(analysis_id: int | None) -> dict[str, Any]:
    assert analysis_id is not None
    with transaction() as session:
        return dict(preferences.find_analysis(session, analysis_id).data)


def search(typed: Genome, query: str, **more: Any) -> LocusSearchJob:
    return LocusSearchJob(database="senterica", assembly_barcode=typed.barcode, query=query, **more)


def test_a_sequence_is_found_with_the_locus_that_lies_there(typed: Genome, aroc: str) -> None:
    job = search(typed, f">mine\r\n{reverse_complement(aroc).lower()}\r\n", name="my search", user_id=7)
    job_id = job.send_job()
    assert isinstance(get_crobot_job(job_id), LocusSearchJob)
    assert (job.type, job.pipeline, job.tag) == (
        "locus_search",
        "nomenclature",
        f"locus_search:{job.analysis_id}",
    )
    assert ended(job_id) == "COMPLETE"
    found = state(job.analysis_id)
    assert (found["complete"], found["job_id"], found["hit_count"]) == ("true", job_id, 1)
    (hit,) = found["hits"]
    assert (hit["identity"], hit["coverage"], hit["alignment_length"]) == (1.0, 1.0, len(aroc))
    assert [(one["locus"], one["allele"], one["share"]) for one in hit["loci"]] == [("aroC", "3", 1.0)]
    assert found["provenance"]["pipeline_version"]
    assert Path(found["hits_file"]).read_text().count("\n") == 2


def test_the_same_question_is_answered_by_the_analysis_that_has_the_result(typed: Genome, aroc: str) -> None:
    query = aroc[:200]
    with transaction("senterica"):
        first, joined = search(typed, query, name="first"), search(typed, query, name="joined")
        numbers = {first.send_job(), joined.send_job()}
        assert (len(numbers), joined.joined, joined.cached) == (1, True, False)
        assert (joined.analysis_id, joined.tag) == (first.analysis_id, first.tag)
    (job_id,) = numbers
    assert ended(job_id) == "COMPLETE"
    answered = search(typed, query, name="cached")
    assert (answered.send_job(), answered.cached) == (job_id, True)
    assert answered.analysis_id == first.analysis_id
    with transaction() as session:
        names = {one.name for one in preferences.list_analyses(session, ["locus_search"])}
    assert names.isdisjoint({"joined", "cached"})
    assert search(typed, query).send_job(again=True) != job_id
    for other in (search(typed, query, user_id=8), search(typed, query, params={"min_identity": 95.0})):
        assert other.send_job() != job_id


def test_an_assembly_that_vanished_fails_the_analysis_with_its_reason(
    senterica: str, demo_data: DemoData, aroc: str, typed: Genome
) -> None:
    added = add_assembly(senterica, "of a vanished one", demo_data.sequenced, send=False)
    job = search(added, aroc)
    added.path.write_text("no FASTA any more\n")
    with pytest.raises(BadInput, match="is not FASTA"):
        job.send_job()
    found = state(job.analysis_id)
    assert (found["failed"], "is not FASTA" in found["error"], "complete" in found) == ("true", True, False)


def test_a_cancelled_analysis_says_so_and_can_be_sent_again(typed: Genome, aroc: str) -> None:
    job = search(typed, aroc)
    with transaction("senterica"):
        job_id = job.send_job()
        cancel(job_id)
    found = state(job.analysis_id)
    assert (found["failed"], found["error"]) == ("true", "cancelled")
    again = get_crobot_job(job_id).again()
    assert ended(again.send_job()) == "COMPLETE"
    found = state(job.analysis_id)
    assert ("failed" in found, found["complete"], found["hit_count"]) == (False, "true", 1)


def test_a_wrong_query_or_assembly_stores_nothing(typed: Genome) -> None:
    with transaction() as session:
        before = preferences.reserve(session)
    with pytest.raises(BadQuery, match="is this a protein"):
        search(typed, "MKLVINGKTLKGEITVEAVDAATAEKVFKQY")
    with pytest.raises(BadInput, match="has no assembly 'SAL_ZZ9999AA_AS'"):
        LocusSearchJob(database="senterica", assembly_barcode="SAL_ZZ9999AA_AS", query="ACGT" * 20)
    with transaction() as session:
        assert preferences.reserve(session) == before + 1


def test_a_tree_is_asked_for_with_the_profiles_of_its_assemblies(
    typed: Genome, senterica: str, demo_data: DemoData
) -> None:
    other = add_assembly(senterica, "untyped", demo_data.genome, send=False)
    with pytest.raises(BadInput, match=f"no result of the scheme 'MLST_Achtman' for {other.barcode}"):
        MSTreeJob(database=senterica, scheme="MLST_Achtman", barcodes=[typed.barcode, other.barcode])
    with pytest.raises(BadInput, match="given twice"):
        MSTreeJob(database=senterica, scheme="MLST_Achtman", barcodes=[typed.barcode] * 2)
    with pytest.raises(BadInput, match="two profiles at least: 1 assemblies"):
        MSTreeJob(database=senterica, scheme="MLST_Achtman", barcodes=[typed.barcode])
    with pytest.raises(BadInput, match="is no MLST scheme"):
        MSTreeJob(database=senterica, scheme="assembly_stats")


def test_the_table_of_a_tree_has_the_alleles_and_names_of_the_assemblies(
    typed: Genome, senterica: str, demo_data: DemoData
) -> None:
    added = add_assembly(senterica, "sister of analyses", demo_data.sequenced, send=False)
    with transaction(senterica) as session:
        job = NomenclatureJob(
            scheme=find_scheme(session, "MLST_Achtman"),
            database=senterica,
            assembly_barcode=added.barcode,
            assembly_filepointer=str(added.path),
        )
    assert ended(job.send_job()) == "COMPLETE"
    shown = values_of(senterica, "MLST_Achtman.ST")
    pair = [typed.barcode, added.barcode]
    tree = MSTreeJob(database=senterica, scheme="MLST_Achtman", barcodes=pair, shown=shown, shown_by="ST")
    with transaction(senterica):
        cancel(tree.send_job())
    table = profiles.read_profiles(Path(tree.inputs["profiles"]))
    assert (list(table.loci), table.names) == (list(LOCI), [typed.barcode, added.barcode])
    assert [list(row) for row in table.rows] == [list(TRUE_ALLELES.values())] * 2
    assert profiles.read_values(Path(tree.inputs["shown"])) == dict.fromkeys(pair, str(TRUE_ST))
    assert (tree.params["names"], tree.params["shown_by"]) == ("strain", "ST")
    assert state(tree.analysis_id)["error"] == "cancelled"


def test_a_column_that_the_table_lacks_is_refused_or_nothing_is_shown(senterica: str) -> None:
    with pytest.raises(BadInput, match=r"no column 'MLST_Achtman.TS': did you mean MLST_Achtman.ST\?"):
        values_of(senterica, "MLST_Achtman.TS")
    assert values_of(senterica, "assembly_stats.ST", must_exist=False) == {}


def test_each_end_of_an_analysis_is_posted_to_who_wants_it(typed: Genome, aroc: str, serve: Serve) -> None:
    app = serve()
    job = search(typed, aroc, name="to be posted", user_id=11)
    with transaction("senterica"):
        job.send_job()
        post_analysis(job.analysis_id, app.url, 11)
        cancel(job.number)
    over(app)
    again = get_crobot_job(job.number).again()
    assert ended(again.send_job()) == "COMPLETE"
    over(app, 2)
    first, second = (json.loads(request.body) for request in app.requests)
    assert (first["type"], second["type"]) == ("analysis.failed", "analysis.complete")
    assert (first["data"]["id"], first["data"]["message"]) == (job.analysis_id, "cancelled")
    assert second["data"]["result"]["hit_count"] == 1
    late = serve()
    post_analysis(job.analysis_id, late.url)
    assert over(late)[0].user_id == 0
    assert json.loads(late.requests[0].body)["data"]["state"] == "complete"
