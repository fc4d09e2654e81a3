"""Genomes that were assembled elsewhere, and schemes that are not MLST, by a head and two nodes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crobot_errors import BadInput, UnknownPipeline, UnknownScheme
from crobot_tasks.broker import folders
from crobot_tasks.intake import scheme_calls
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.jobs import AssemblyJob, AssemblyStatsJob, GenericJob, get_crobot_job
from crobot_tasks.maintenance import outdated
from db.engine import transaction
from db.species import Assembly, AssemblyStatus, Scheme, Strain
from db.species.assemblies import list_assemblies
from db.species.schemes import find_scheme
from demo.data import DemoData
from tests.integration.crobot_tasks.jobs.test_following import assembly, counters, ended, lookup
from tests.processes import Cluster, value, wait_for
from workers.contigs import read_assembly

PROTEIN = b">a\nMKLVINGKTLKGEITVEAVDAATAEKVFKQY\n"


def strain_of(name: str) -> Strain:
    with transaction("senterica") as session:
        row = session.scalars(select(Strain).where(Strain.strain == name)).one()
        session.expunge(row)
        return row


def count(model: type) -> int:
    with transaction("senterica") as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_complete_genome_is_copied_judged_and_typed(
    cluster: Cluster, strain: str, demo_data: DemoData
) -> None:
    added = add_assembly("senterica", strain, demo_data.genome)
    assert read_assembly(added.path) == read_assembly(demo_data.genome)
    assert added.path.is_relative_to(folders.storage_root() / "assemblies" / "senterica")
    assert added.job_id is not None
    assert ended(added.job_id) == "COMPLETE"
    assert isinstance(get_crobot_job(added.job_id), AssemblyStatsJob)
    row = assembly(added.barcode)
    assert (row.status, row.total_length, row.contig_number) == (AssemblyStatus.ASSEMBLED, 4_798_660, 1)
    assert row.top_species == "Salmonella enterica;100.0%"
    assert strain_of(strain).best_assembly == row.id
    assert lookup(added.barcode, "assembly_stats").results["qa"]["verdict"] == "pass"
    wait_for("the typing", lambda: lookup(added.barcode, "MLST_Achtman").complete_count)
    assert lookup(added.barcode, "MLST_Achtman").results["ST"] == 13


def test_the_same_genome_again_adds_nothing_however_it_is_written(
    strain: str, demo_data: DemoData, tmp_path: Path
) -> None:
    added = add_assembly("senterica", strain, demo_data.sequenced, send=False)
    other = tmp_path / "other.fa.gz"
    other.write_bytes(gzip.compress(demo_data.sequenced.read_bytes().lower().replace(b"sl", b"SL")))
    before = count(Assembly)
    again = add_assembly("senterica", strain, other)
    assert (again.barcode, again.existed, again.job_id) == (added.barcode, True, None)
    assert count(Assembly) == before
    another = add_assembly("senterica", f"{strain} sister", other, send=False)
    assert another.barcode != added.barcode


def test_a_genome_that_fails_the_qa_is_kept_and_goes_no_further(
    cluster: Cluster, strain: str, demo_data: DemoData
) -> None:
    added = add_assembly("senterica", strain, demo_data.sequenced)
    assert not added.passed
    assert added.job_id is not None
    assert ended(added.job_id) == "COMPLETE"
    message = value("SELECT message FROM crobot.jobs WHERE id = :id", id=added.job_id)
    assert message == "failed QA: bases 244,153 bp (limit 4,000,000 to 5,800,000)"
    assert assembly(added.barcode).status == AssemblyStatus.FAILED_QA
    assert strain_of(strain).best_assembly is None
    with transaction("senterica") as session:
        listed = {row.barcode: row for row in list_assemblies(session)}
        of_strain = list_assemblies(session, 1, strain)
        scheme = find_scheme(session, "assembly_stats")
        session.expunge(scheme)
    serovars = Scheme(description="SeroPred", param={"pipeline": "SeroPred"}, version="")
    stats = listed[added.barcode].schemes["assembly_stats"]
    assert (listed[added.barcode].strain, stats["status"]) == (strain, "COMPLETE")
    assert [row.barcode for row in of_strain] == [added.barcode]
    assert outdated.standing(scheme, **stats) == "COMPLETE"
    assert outdated.standing(serovars, "COMPLETE", "0.1", "").startswith("outdated (0.1, current ")
    assert outdated.standing(serovars, "FAILED", "0.1", "") == "FAILED"


def test_what_cannot_be_added_leaves_nothing(strain: str, tmp_path: Path, strains_before: None) -> None:
    path = tmp_path / "broken.fasta"
    path.write_bytes(PROTEIN)
    folder = folders.storage_root() / "assemblies" / "senterica"
    before = sorted(folder.glob("*")), count(Assembly)
    with pytest.raises(BadInput, match="is this a protein"):
        add_assembly("senterica", strain, path)
    with pytest.raises(BadInput, match="there is no file"):
        add_assembly("senterica", strain, tmp_path / "nowhere.fasta")
    path.write_bytes(b">a\nACGT\n")
    with pytest.raises(BadInput, match="cannot name a strain"):
        add_assembly("senterica", "", path)
    # the database refuses after the file was written
    with pytest.raises(BadInput, match="priority"):
        add_assembly("senterica", strain, path, priority=12)
    assert (sorted(folder.glob("*")), count(Assembly)) == before


def test_what_is_circular_is_kept_in_the_file_that_is_stored(strain: str, tmp_path: Path) -> None:
    path = tmp_path / "rings.fasta"
    path.write_bytes(b">a topology=circular\nACGT\n>b\nACGTT\n>c\nACGTTA\n")
    added = add_assembly("senterica", strain, path, send=False, circular=["c"])
    headers = [line for line in added.path.read_text().splitlines() if line.startswith(">")]
    assert headers == [">a circular=true", ">b", ">c circular=true"]
    other = add_assembly("senterica", f"{strain} all", path, send=False, circular=["all"])
    assert other.path.read_text().count(" circular=true") == 3
    with pytest.raises(BadInput, match="no contig is called 'd': name one of a, b, c, or 'all'"):
        add_assembly("senterica", f"{strain} none", path, send=False, circular=["d"])


def test_a_genome_without_reads_is_not_assembled(strain: str, demo_data: DemoData) -> None:
    added = add_assembly("senterica", strain, demo_data.sequenced, send=False)
    with transaction("senterica") as session:
        (trace,) = session.scalars(select(Assembly).where(Assembly.barcode == added.barcode)).one().traces
        trace_id = trace.id
    with pytest.raises(BadInput, match="added without reads"):
        AssemblyJob(database="senterica", trace_ids=[trace_id])


def test_a_scheme_is_added_and_called_while_everything_runs(
    cluster: Cluster, strain: str, demo_data: DemoData, forget_scheme: Callable[[str], None]
) -> None:
    added = add_assembly("senterica", strain, demo_data.sequenced, send=False)
    scheme_calls.add_scheme("senterica", "MyArrays", "CRISPR", "Arrays")
    (job,) = scheme_calls.send_scheme("senterica", "MyArrays", [added.barcode])
    forget_scheme("MyArrays")
    assert ended(job.number) == "COMPLETE"
    assert isinstance(get_crobot_job(job.number), GenericJob)
    row = lookup(added.barcode, "MyArrays")
    assert counters(row) == (1, 1, 0, 0)
    assert row.results["array_count"] == 0
    assert row.results["provenance"]["pipeline_version"] == "2.0"
    assert value("SELECT type FROM crobot.jobs WHERE id = :id", id=job.number) == "MyArrays"


def test_mlst_is_called_by_the_same_command(cluster: Cluster, strain: str, demo_data: DemoData) -> None:
    added = add_assembly("senterica", strain, demo_data.sequenced, send=False)
    (job,) = scheme_calls.send_scheme("senterica", "MLST_Achtman", [added.barcode])
    assert ended(job.number) == "COMPLETE"
    assert lookup(added.barcode, "MLST_Achtman").results["ST"] == 13


def test_schemes_that_cannot_be_are_refused_with_what_is_known(senterica: str) -> None:
    with pytest.raises(UnknownPipeline, match="'astrology'; known are CRISPR, SeroPred, assembly_stats"):
        scheme_calls.add_scheme(senterica, "Stars", "astrology")
    with pytest.raises(BadInput, match="cannot describe a scheme"):
        scheme_calls.add_scheme(senterica, "a b", "CRISPR")
    with pytest.raises(BadInput, match="is a kind of job"):
        scheme_calls.add_scheme(senterica, "nomenclature", "CRISPR")
    with pytest.raises(BadInput, match="is there already, with 'nomenclature'"):
        scheme_calls.add_scheme(senterica, "MLST_Achtman", "CRISPR")
    with pytest.raises(UnknownScheme, match="there are .*MLST_Achtman"):
        scheme_calls.send_scheme(senterica, "Stars", ["SAL_AA0001AA_AS"])
    with pytest.raises(BadInput, match="has no pipeline"):
        scheme_calls.send_scheme(senterica, "snp_calls", ["SAL_AA0001AA_AS"])
