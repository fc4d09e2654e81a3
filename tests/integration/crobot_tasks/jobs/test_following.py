"""The main chain for real: reads → assembly → QA → MLST, by a head and two nodes, and what the database says of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import group
from sqlalchemy import select

from crobot_errors import BadPath, OutcomeKind
from crobot_tasks.broker import folders
from crobot_tasks.cli.steer import until_over
from crobot_tasks.intake.reads import send_reads
from crobot_tasks.intake.scheme_calls import send_scheme
from crobot_tasks.jobs import AssemblyJob, NomenclatureJob, get_crobot_job
from crobot_tasks.jobs.scheme_export import publish
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.lifecycle.finishing.endings import Ending
from crobot_tasks.lifecycle.sending import kept_calls
from crobot_tasks.operate.resend import resend
from db.crobot import JobState
from db.engine import transaction
from db.handle import dbhandle
from db.species import Assembly, AssemblyLookup, LookupStatus, Strain, allele_positions, lookups
from db.species.schemes import find_scheme
from db.system import UserJob
from demo.data import SCHEME, TRUE_ALLELES, TRUE_ST, DemoData
from tests.processes import PATIENCE_S, Cluster, value, wait_for
from workers.checksums import checksum
from workers.storage import output_dir

FAST = {"assembler": "megahit", "cores": 1}
HUGE = {"cores": 500}


def ended(job_id: int) -> str:
    """The terminal state of a job, once it has one."""
    query = "SELECT state FROM crobot.jobs WHERE id = :id AND finished_at IS NOT NULL"
    return wait_for(f"the end of job {job_id}", lambda: value(query, id=job_id))


def user_job(job_id: int) -> UserJob:
    with transaction() as session:
        row = session.get_one(UserJob, job_id)
        session.expunge(row)
        return row


def assembly(barcode: str) -> Assembly:
    with transaction("senterica") as session:
        row = session.scalars(select(Assembly).where(Assembly.barcode == barcode)).one()
        session.expunge(row)
        return row


def lookup(barcode: str, scheme: str) -> AssemblyLookup:
    """The row of a scheme, as soon as there is one: what follows an assembly is sent a moment after its end."""
    found: AssemblyLookup = wait_for(f"{scheme} of {barcode}", lambda: _lookup(barcode, scheme))
    return found


def _lookup(barcode: str, scheme: str) -> AssemblyLookup | None:
    with transaction("senterica") as session:
        found = session.scalars(select(Assembly).where(Assembly.barcode == barcode)).one()
        row = lookups.find_lookup(session, found.id, find_scheme(session, scheme).id)
        if row is None:
            return None
        session.refresh(row, [*AssemblyLookup.__table__.columns.keys()])
        session.expunge(row)
        return row


def positions(barcode: str) -> str:
    with transaction("senterica") as session:
        return allele_positions.gff(session, barcode, "MLST_Achtman")


def counters(row: AssemblyLookup) -> tuple[int, int, int, int]:
    """job_count, complete_count, queued_count, fail_count."""
    return row.job_count, row.complete_count, row.queued_count, row.fail_count


def reported(job: AssemblyJob, fasta: Path, verdict: str = "pass") -> dict[str, Any]:
    """What a node would report of an assembly job whose assembly is this file."""
    folder = output_dir(folders.storage_root(), job.number, 1)
    folder.mkdir(parents=True)
    shutil.copy(fasta, folder / "assembly.fasta")
    statistics = {
        "bases": 4_798_660,
        "contigs": 1,
        "n50": 4_798_660,
        "l50": 1,
        "n_share": 0.0,
        "mean_depth": 20.0,
    }
    failed = [{"measure": "N50", "value": 900, "limit": "> 20000", "unit": "bp", "passed": False}]
    return {
        "results": {
            "statistics": statistics,
            "qa": {"verdict": verdict, "failed": ["N50"], "measures": failed if verdict == "fail" else []},
            "reads": {},
            "assembler": "megahit",
        },
        "outputs": {"assembly": str(folder / "assembly.fasta")},
        "pipeline_version": "4.0",
        "tools": {},
        "usage": {},
    }


def finish_with(job: AssemblyJob, result: dict[str, Any], unreadable: Exception | None = None) -> str:
    """Give the job this result, through the one gate that all results take."""
    outputs = unreadable or get_crobot_job(job.number).read_outputs(result)
    ending = Ending(job.number, JobState.COMPLETE, OutcomeKind.OK, result=result, outputs=outputs)
    with transaction("senterica") as session:
        finish.end(session, [ending])
    return ended(job.job_id or 0)


@pytest.fixture
def parked(senterica: str, strain: str) -> Iterator[AssemblyJob]:
    """An assembly job that waits: no node has so many cores."""
    accession = f"ERR{uuid4().int % 10**9:09d}"
    job = send_reads(senterica, strain, [[accession]], user_id=4, params=HUGE)
    yield job
    cancel(job.job_id)


def test_reads_become_a_typed_assembly(
    cluster: Cluster, senterica: str, strain: str, reads: list[str]
) -> None:
    sent = send_reads(senterica, strain, [reads], user_id=3, params=FAST)
    assert sent.tag.split("#")[1:] == [Path(path).name for path in reads]
    assert user_job(sent.job_id).status == "QUEUED"
    assert ended(sent.job_id) == "COMPLETE"

    found = assembly(sent.assembly_barcode)
    assert found.status == "Failed QA"
    assert Path(found.file_pointer).read_text().startswith(f">{sent.assembly_barcode}_1 ")
    assert Path(found.stats["quality_pointer"]).is_file()
    log = user_job(sent.job_id)
    assert log.status.startswith("COMPLETE; failed QA: bases ")
    assert "limit 4,000,000 to 5,800,000" in log.status
    assert (log.pipeline, log.user_id, log.database) == ("QAssembly", 3, senterica)
    assert log.output_location == str(Path(found.file_pointer).parent)
    assert counters(lookup(sent.assembly_barcode, "assembly_stats")) == (1, 1, 0, 0)
    assert value("SELECT count(*) FROM crobot.jobs WHERE tag = :tag", tag=sent.assembly_barcode) == 0

    # the snippet of the domain's description, as it stands there
    barcode, path = sent.assembly_barcode, found.file_pointer
    Schemes = dbhandle["senterica"].models.Schemes  # noqa: N806
    scheme = dbhandle["senterica"].session.query(Schemes).filter_by(description="MLST_Achtman").one()
    job = NomenclatureJob(
        scheme=scheme, database="senterica", assembly_barcode=barcode, assembly_filepointer=path
    )
    job.send_job()

    assert ended(job.job_id) == "COMPLETE"
    typed = lookup(barcode, "MLST_Achtman")
    assert typed.status is LookupStatus.COMPLETE
    assert typed.results["ST"] == TRUE_ST
    assert typed.results["alleles"] == dict(TRUE_ALLELES)
    assert typed.st_barcode == "SAL_AA0013AA_ST"
    assert positions(barcode).startswith("##gff-version 3")
    assert counters(typed) == (1, 1, 0, 0)
    assert user_job(job.job_id).pipeline == "nomenclature:MLST_Achtman"
    assert typed.results["provenance"]["node"] in ("calc01", "calc02")


def test_a_passed_qa_sends_the_schemes_with_a_pipeline_and_makes_the_assembly_the_best(
    cluster: Cluster, senterica: str, strain: str, demo_data: DemoData, parked: AssemblyJob
) -> None:
    assert finish_with(parked, reported(parked, demo_data.genome)) == "COMPLETE"
    barcode = parked.assembly_barcode
    follower = value("SELECT id FROM crobot.jobs WHERE tag = :tag", tag=barcode)
    assert ended(follower) == "COMPLETE"
    assert lookup(barcode, "MLST_Achtman").results["ST"] == TRUE_ST
    with transaction(senterica) as session:
        owner = session.scalars(select(Strain).where(Strain.strain == strain)).one()
        assert owner.best_assembly == parked.context["assembly_id"]
    assert user_job(parked.job_id).status == "COMPLETE"
    assert value("SELECT user_id FROM crobot.jobs WHERE id = :id", id=follower) == 4
    # what somebody sends later for the same assembly did not follow from anything
    (later,) = send_scheme(senterica, "MLST_Achtman", [barcode], again=True)
    assert later.number > follower
    assert until_over.followers_of(parked.number) == [follower]
    assert until_over.followers_of(follower) == []
    assert ended(later.number) == "COMPLETE"


def test_what_a_head_left_unsent_that_died_is_sent_by_the_next_and_waited_for(
    cluster: Cluster, demo_data: DemoData, parked: AssemblyJob
) -> None:
    with pytest.MonkeyPatch.context() as dying:
        dying.setattr(kept_calls, "_call", lambda *_: None)
        finish_with(parked, reported(parked, demo_data.genome))
    assert value("SELECT count(*) FROM crobot.jobs WHERE tag = :tag", tag=parked.assembly_barcode) == 0
    found = until_over.until_ended([parked.number], PATIENCE_S, followers=True)
    assert list(found.values()) == [JobState.COMPLETE, JobState.COMPLETE]
    assert counters(lookup(parked.assembly_barcode, "MLST_Achtman")) == (1, 1, 0, 0)


def test_a_failed_qa_ends_the_chain_and_says_which_measure(demo_data: DemoData, parked: AssemblyJob) -> None:
    assert finish_with(parked, reported(parked, demo_data.genome, verdict="fail")) == "COMPLETE"
    assert user_job(parked.job_id).status == "COMPLETE; failed QA: N50 900 bp (limit > 20000)"
    assert value("SELECT count(*) FROM crobot.jobs WHERE tag = :tag", tag=parked.assembly_barcode) == 0


def test_a_result_file_that_never_came_fails_the_job_and_leaves_no_assembly(
    demo_data: DemoData, parked: AssemblyJob
) -> None:
    result = reported(parked, demo_data.genome)
    Path(result["outputs"]["assembly"]).unlink()
    with pytest.raises(FileNotFoundError, match="assembly.fasta"):
        parked.read_outputs(result)
    assert finish_with(parked, result, BadPath("assembly.fasta has not come")) == "FAILED"
    message = value("SELECT message FROM crobot.jobs WHERE id = :id", id=parked.job_id)
    assert "assembly.fasta has not come" in message
    assert user_job(parked.job_id).status == "FAILED"
    with transaction("senterica") as session:
        assert not session.scalars(select(Assembly).where(Assembly.barcode == parked.assembly_barcode)).all()


def test_a_new_allele_and_a_new_st_are_numbered_and_found_again(
    cluster: Cluster, senterica: str, strain: str, demo_data: DemoData, parked: AssemblyJob, data_dir: Path
) -> None:
    changed = data_dir / "changed.fasta"
    header, _, bases = demo_data.genome.read_text().partition("\n")
    at = _locus_start(demo_data, "".join(bases.split()))
    bases = "".join(bases.split())
    changed.write_text(f"{header}\n{bases[:at]}{'A' if bases[at] != 'A' else 'G'}{bases[at + 1 :]}\n")
    finish_with(parked, reported(parked, changed))
    follower = value("SELECT id FROM crobot.jobs WHERE tag = :tag", tag=parked.assembly_barcode)
    assert ended(follower) == "COMPLETE"
    typed = lookup(parked.assembly_barcode, "MLST_Achtman")
    number = typed.results["alleles"]["thrA"]
    assert number > 1_000_000
    assert typed.results["new"] == ["thrA"]
    assert typed.results["ST"] > 1_000_000
    annotation = positions(parked.assembly_barcode)
    assert f"locus=thrA;allele={number};status=new" in annotation
    assert "allele=new" not in annotation

    with transaction(senterica) as session:
        scheme = find_scheme(session, "MLST_Achtman")
        again = NomenclatureJob(
            scheme=scheme,
            database=senterica,
            assembly_barcode=parked.assembly_barcode,
            assembly_filepointer=str(assembly(parked.assembly_barcode).file_pointer),
        )
        again.send_job(again=True)
    assert ended(again.job_id) == "COMPLETE"
    retyped = lookup(parked.assembly_barcode, "MLST_Achtman")
    assert retyped.results["alleles"] == typed.results["alleles"]
    assert retyped.st_barcode == typed.st_barcode
    assert counters(retyped) == (2, 2, 0, 0)

    _check_answers(again)


def _check_answers(typed: NomenclatureJob) -> None:
    """The result answers a send of the same, and none by a newer version of the scheme."""
    asked = typed.again()
    assert asked.send_job() == typed.job_id
    assert (asked.cached, asked.joined) == (True, False)
    assert counters(lookup(typed.assembly_barcode, "MLST_Achtman")) == (2, 2, 0, 0)
    publish(typed.database, SCHEME)
    newer = typed.again()
    newer.send_job()
    assert not newer.cached
    cancel(newer.job_id)


def test_what_was_assembled_before_answers_a_send_until_reads_or_result_change(
    cluster: Cluster, senterica: str, strain: str, reads: list[str]
) -> None:
    first = send_reads(senterica, strain, [reads], params=FAST | {"min_contig": 700})
    assert ended(first.job_id) == "COMPLETE"
    inputs = assembly(first.assembly_barcode).stats["provenance"]["inputs"]
    assert {path: inputs[path] for path in reads} == {path: checksum(Path(path)) for path in reads}

    def send(**changes: Any) -> AssemblyJob:
        job = send_reads(senterica, strain, [reads], params=FAST | {"min_contig": 700} | changes)
        if not job.cached:
            cancel(job.job_id)
        return job

    times = os.stat(reads[0])
    before = value("SELECT count(*) FROM crobot.settlements WHERE job_id = :id", id=first.job_id)
    same = send()
    assert (same.job_id, same.cached, same.joined) == (first.job_id, True, False)
    assert same.assembly_barcode == first.assembly_barcode
    assert value("SELECT count(*) FROM crobot.settlements WHERE job_id = :id", id=first.job_id) == before
    assert not send(min_contig=701).cached
    os.utime(reads[0], ns=(0, 10**18))
    assert not send().cached
    os.utime(reads[0], ns=(0, times.st_mtime_ns))
    assert send().cached

    resent = resend(first.job_id)
    cancel(resent.job_id)
    assert (resent.joined, resent.job_id > first.job_id) == (False, True)
    Path(assembly(first.assembly_barcode).file_pointer).unlink()
    assert not send().cached


def test_the_same_reads_twice_are_one_job_while_it_lives(
    parked: AssemblyJob, senterica: str, strain: str
) -> None:
    twin = send_reads(senterica, strain, parked.reads, user_id=4, params=HUGE)
    assert (twin.job_id, twin.joined) == (parked.job_id, True)
    assert twin.assembly_barcode == parked.assembly_barcode
    other = send_reads(senterica, strain, parked.reads, user_id=4, params=HUGE | {"min_contig": 500})
    cancel(other.job_id)
    assert not other.joined


def test_a_job_is_rebuilt_from_its_number_and_sent_again(parked: AssemblyJob) -> None:
    rebuilt = get_crobot_job(parked.job_id)
    assert isinstance(rebuilt, AssemblyJob)
    assert (rebuilt.tag, rebuilt.reads, rebuilt.context) == (parked.tag, parked.reads, parked.context)
    rebuilt.send_job()
    assert rebuilt.joined


def test_jobs_go_into_a_group(cluster: Cluster, senterica: str, strain: str, reads: list[str]) -> None:
    sent = send_reads(senterica, strain, [reads], params=FAST | {"min_contig": 1000})
    assert ended(sent.job_id) == "COMPLETE"
    path = assembly(sent.assembly_barcode).file_pointer
    with transaction(senterica) as session:
        scheme = find_scheme(session, "MLST_Achtman")
        job = NomenclatureJob(
            scheme=scheme,
            database=senterica,
            assembly_barcode=sent.assembly_barcode,
            assembly_filepointer=path,
        )
    first, second = group(job.signature(), job.signature()).apply_async().get(timeout=PATIENCE_S)
    assert first == second
    assert counters(lookup(sent.assembly_barcode, "MLST_Achtman")) == (1, 1, 0, 0)


def _locus_start(data: DemoData, bases: str) -> int:
    """A position within thrA of the genome, far from its ends."""
    alleles = next(path for path in data.alleles if path.name.startswith("thrA"))
    for record in alleles.read_text().split(">")[1:]:
        _, _, sequence = record.partition("\n")
        found = bases.find("".join(sequence.split()).upper())
        if found >= 0:
            return found + 100
    raise AssertionError("thrA lies on the other strand: take another locus")
