"""Which of many assemblies have a sequence: one job, one table, told as it goes, and cancelled in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from crobot_errors import BadInput, BadQuery
from crobot_tasks.intake.genomes import Genome, add_assembly
from crobot_tasks.jobs import LocusTableJob, get_crobot_job
from crobot_tasks.lifecycle.cancel import cancel
from db.engine import transaction
from db.system import preferences
from demo.data import DemoData
from tests.command import crobot, document
from tests.integration.crobot_tasks.jobs.test_following import ended
from tests.processes import Cluster, value, wait_for
from workers.contigs import read_assembly


@pytest.fixture(scope="module")
def genomes(cluster: Cluster, senterica: str, demo_data: DemoData) -> list[Genome]:
    """The small genome in many strains."""
    return [
        add_assembly(senterica, f"of a table {number}", demo_data.sequenced, send=False)
        for number in range(40)
    ]


@pytest.fixture(scope="module")
def sequence(demo_data: DemoData) -> str:
    return max(read_assembly(demo_data.sequenced).values(), key=len)[1000:2000]


def state(job: LocusTableJob) -> dict[str, Any]:
    assert job.analysis_id is not None
    with transaction() as session:
        return dict(preferences.find_analysis(session, job.analysis_id).data)


def table(genomes: list[Genome], query: str, **more: Any) -> LocusTableJob:
    barcodes = [genome.barcode for genome in genomes]
    return LocusTableJob(database="senterica", query=query, barcodes=barcodes, **more)


def test_one_table_tells_which_assemblies_have_it_and_names_those_that_are_lost(
    genomes: list[Genome], sequence: str
) -> None:
    *good, broken, gone = genomes[:4]
    job = table([gone, *good, broken], sequence, name="which have it", user_id=7)
    text = broken.path.read_text()
    broken.path.write_text(text[:300] + "\n>no DNA\nMKLVINGKTLKGE\n")
    gone.path.unlink()
    try:
        assert ended(job.send_job()) == "COMPLETE"
    finally:
        broken.path.write_text(text)
        gone.path.write_text(text)
    assert isinstance(get_crobot_job(job.number), LocusTableJob)
    found = state(job)
    assert (found["complete"], found["searched"], found["not_searched"]) == ("true", 2, 2)
    assert [row["states"] for row in found["rows"]] == ["?", "i", "i", "?"]
    assert [row["strain"] for row in found["rows"][1:3]] == ["of a table 0", "of a table 1"]
    assert [one["barcode"] for one in found["errors"]] == [gone.barcode, broken.barcode]
    assert Path(found["table"]).read_text().count("\n") == 5
    assert Path(found["svg"]).is_file()
    # the assemblies are as they were when the table was asked for, but it was made while they were not
    assert table([gone, *good, broken], sequence, user_id=7).send_job() != job.number
    ordered = table([*good, gone], sequence, user_id=7), table([gone, *good], sequence, user_id=7)
    assert ordered[0].unique_key != ordered[1].unique_key


def test_a_table_is_asked_for_by_command_and_shown(
    genomes: list[Genome], sequence: str, tmp_path: Path
) -> None:
    query = tmp_path / "query.fasta"
    query.write_text(f">mine\n{sequence}\n")
    barcodes = [genome.barcode for genome in genomes[5:7]]
    sent = document("send", "locus-table", "senterica", query, *barcodes, "--min-coverage", "80", "--follow")
    assert sent["state"] == "COMPLETE"
    found = document("analysis", "show", sent["analysis"])["data"]
    assert (found["min_coverage"], [row["barcode"] for row in found["rows"]]) == (80, barcodes)
    shown = crobot("analysis", "show", sent["analysis"]).stdout
    assert "mine" in shown
    assert shown.count("identical") == 2


def test_without_barcodes_all_assemblies_in_use_are_searched(genomes: list[Genome], sequence: str) -> None:
    in_use = value("SELECT count(*) FROM senterica.strains WHERE best_assembly IS NOT NULL")
    with transaction("senterica") as session:
        if in_use:
            job = LocusTableJob(database="senterica", query=sequence)
            cancel(job.send_job())
            assert len(job.inputs) == in_use + 2
        else:
            with pytest.raises(BadInput, match="has no assembly in use"):
                LocusTableJob(database="senterica", query=sequence)
        assert session.is_active


def test_a_wrong_assembly_is_refused_by_its_name_and_nothing_is_stored(
    genomes: list[Genome], sequence: str
) -> None:
    with transaction() as session:
        before = preferences.reserve(session)
    barcode = genomes[0].barcode
    for barcodes, says in (
        ([barcode, "ESC_AA0001AA_AS"], "ESC_AA0001AA_AS"),
        ([barcode, "SAL_ZZ9999AA_AS", "SAL_ZZ9998AA_AS"], "no assembly SAL_ZZ9999AA_AS, SAL_ZZ9998AA_AS:"),
        ([barcode, barcode], f"{barcode} is given 2 times"),
        ([barcode] * 5001, "5,001 assemblies are too many"),
    ):
        with pytest.raises(BadInput, match=says):
            LocusTableJob(database="senterica", query=sequence, barcodes=barcodes)
    with pytest.raises(BadQuery, match="is this a protein"):
        table(genomes[:2], "MKLVINGKTLKGEITVEAVDAATAEKVFKQY")
    with transaction() as session:
        assert preferences.reserve(session) == before + 1


def test_a_table_tells_how_far_it_is_and_is_cancelled_in_the_middle(
    genomes: list[Genome], sequence: str
) -> None:
    job = table(genomes, sequence)
    job_id = job.send_job()
    told = "SELECT (progress ->> 'current')::int FROM crobot.attempts WHERE job_id = :id ORDER BY number DESC LIMIT 1"
    assert 0 < wait_for("a word on the progress", lambda: value(told, id=job_id)) < len(genomes)
    cancel(job_id)
    assert ended(job_id) == "CANCELLED"
    found = state(job)
    assert (found["failed"], found["error"], "rows" in found) == ("true", "cancelled", False)
    again = get_crobot_job(job_id).again()
    assert ended(again.send_job()) == "COMPLETE"
    assert (state(job)["searched"], state(job)["queries"][0]["identical"]) == (len(genomes), len(genomes))
