"""SNP projects in a database of their own: what is sent when, what is shared, and what a failure leaves.

The pipelines are run in this process, one job after the other, so that each order of events can be tried.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import celeryconfig
from crobot_errors import AttemptError, BadInput, OutcomeKind
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs import get_crobot_job
from crobot_tasks.jobs.snp import Project, resume_project, send_project
from crobot_tasks.jobs.snp.moving import move
from crobot_tasks.lifecycle import finish
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.lifecycle.finishing.endings import Ending
from crobot_tasks.lifecycle.storage.mark import why_unusable
from crobot_tasks.operate.projects import describe
from db.crobot import JobState, SubjectKind, jobs, webhooks
from db.engine import transaction
from db.species import AssemblyLookup, AssemblyStatus, LookupStatus, Strain, Trace, assemblies, lookups
from db.species.assemblies import find_assembly
from db.species.lookups import Key
from db.species.schemes import find_scheme
from db.system import UserJob, projects
from tests.conftest import import_tasks
from tests.processes import query
from tests.trees import read_tree, sides
from tests.truth.agona import OUTLIER, published, write_fasta
from workers.assembling.base_quality import TOP, write_bedgraph
from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt
from workers.trees.names import Names

SPECIES = "senterica"
#: small, so that a project takes two seconds; 35 sites differ there
WINDOW = (500_000, 530_000)
_jobs = count(1_000_000)


@pytest.fixture(scope="module")
def codes(two_species: None, data_dir: Path, pytestconfig: pytest.Config) -> Mapping[str, str]:
    """Name of an isolate → barcode of its assembly; ``alien`` is of another species."""
    import_tasks()
    genomes = published(pytestconfig.cache.mkdir("demo-data")).window(*WINDOW)
    genomes["alien"] = "ACGT" * 5_000
    folder = storage_root() / "snp-genomes"
    folder.mkdir(parents=True)
    return {
        name: recorded(write_fasta(folder / f"{name}.fasta", name, bases)) for name, bases in genomes.items()
    }


def recorded(path: Path, passed: bool = True, **stats: str) -> str:
    record = assemblies.AssemblyRecord(
        job_id=next(_jobs), pipeline_version="4.0", file_pointer=str(path), passed=passed, stats=stats
    )
    with transaction(SPECIES) as session:
        return assemblies.record_assembly(session, record, []).barcode


@pytest.fixture(autouse=True)
def nothing_mapped_yet(codes: Mapping[str, str]) -> Iterator[None]:
    yield
    with transaction(SPECIES) as session:
        session.query(AssemblyLookup).delete()
        session.execute(projects.UserPreference.__table__.delete())


def project(codes: Mapping[str, str], *names: str, **more: Any) -> Project:
    chosen = names or (OUTLIER, "ERR178926", "SRR1566386")
    return Project(SPECIES, "a project", codes["reference"], [codes[name] for name in chosen], **more)


def data(project_id: int) -> dict[str, Any]:
    with transaction(SPECIES) as session:
        return dict(projects.find(session, project_id).data)


def live(pipeline_name: str | None = None) -> list[Any]:
    rows = query("SELECT * FROM crobot.jobs WHERE finished_at IS NULL AND pipeline <> 'probe' ORDER BY id")
    return [row for row in rows if pipeline_name in (None, row.pipeline)]


def work(row: Any, tmp_path: Path) -> None:
    """Run a job as a node would, and let the head end it."""
    ran = pipeline(row.pipeline)
    job = JobInput(row.kwargs["inputs"], row.kwargs.get("params", {}))
    try:
        attempt = Attempt(row.id, 1, job, ran.resources(job), storage_root(), [], tmp_path)
        end(row, JobState.COMPLETE, OutcomeKind.OK, None, run_attempt(ran, attempt))
    except AttemptError as error:
        end(row, JobState.FAILED, error.kind, error.message)


def end(row: Any, state: JobState, outcome: OutcomeKind, message: str | None, result: Any = None) -> None:
    outputs = get_crobot_job(row.id).read_outputs(result)
    with transaction(SPECIES) as session:
        jobs.lock(session, [row.id])
        finish.end(session, [Ending(row.id, state, outcome, message, result, outputs=outputs)])


def fail(row: Any, message: str = "the tool said no") -> None:
    end(row, JobState.FAILED, OutcomeKind.TOOL, message)


def work_all(tmp_path: Path) -> list[str]:
    """Run what is live, and what follows, until nothing is; the pipelines in their order."""
    done = []
    while rows := live():
        work(rows[0], tmp_path)
        done.append(rows[0].pipeline)
    return done


def lookup(codes: Mapping[str, str], name: str, scheme: str = "snp_calls") -> AssemblyLookup:
    with transaction(SPECIES) as session:
        key = Key(assemblies.find_assembly(session, codes[name]).id, find_scheme(session, scheme).id,
                  codes["reference"] if scheme == "snp_calls" else "")  # fmt: skip
        row = lookups.find_each(session, [key])[key]
        session.expunge(row)
        return row


def counters(row: AssemblyLookup) -> tuple[int, int, int, int]:
    """job_count, complete_count, queued_count, fail_count."""
    return row.job_count, row.complete_count, row.queued_count, row.fail_count


def tags(project_id: int) -> Sequence[str]:
    found = data(project_id)
    return [found[step] for step in ("ref_masker", "ref_mapper", "ref_mapper_matrix", "matrix_phylogeny")]


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


def recorded_of(strain: str, path: Path) -> str:
    record = assemblies.AssemblyRecord(
        job_id=next(_jobs), pipeline_version="4.0", file_pointer=str(path), passed=True, stats={}
    )
    with transaction(SPECIES) as session:
        trace = Trace(strain=Strain(strain=strain), read1=f"{path}.fastq")
        session.add(trace)
        session.flush()
        return assemblies.record_assembly(session, record, [trace.id]).barcode


def test_what_is_mapped_is_not_mapped_again(codes: Mapping[str, str], tmp_path: Path) -> None:
    first = send_project(project(codes))
    work_all(tmp_path)
    second = send_project(project(codes, OUTLIER, "ERR178926", "SRR3665129"))
    assert tags(second) == ["complete", "queued", "not_sent", "not_sent"]
    (mapper,) = live()
    assert set(mapper.context["pairs"]) == {codes["SRR3665129"]}
    assert work_all(tmp_path) == ["refMapper", "refMapper_matrix", "matrix_phylogeny"]
    assert send_project(project(codes)) == first
    third = send_project(project(codes), again=True)
    assert tags(third) == ["complete", "complete", "queued", "not_sent"]
    assert send_project(project(codes, user_id=8)) not in (first, third)
    assert counters(lookup(codes, OUTLIER)) == (1, 1, 0, 0)


def test_two_projects_at_the_same_moment_map_each_pair_once(codes: Mapping[str, str], tmp_path: Path) -> None:
    ids: list[int] = []
    barrier = threading.Barrier(2)
    sets = ((OUTLIER, "ERR178926", "SRR1566386"), (OUTLIER, "ERR178926", "SRR3665129"))

    def send(names: Sequence[str]) -> None:
        barrier.wait()
        ids.append(send_project(project(codes, *names)))

    threads = [threading.Thread(target=send, args=(names,)) for names in sets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(live("refMasker")) == 1
    pairs = [code for row in live("refMapper") for code in row.context["pairs"]]
    assert sorted(pairs) == sorted({codes[name] for names in sets for name in names})
    work_all(tmp_path)
    assert [tags(project_id) for project_id in ids] == [["complete"] * 4] * 2
    assert {counters(lookup(codes, name)) for names in sets for name in names} == {(1, 1, 0, 0)}


def test_who_waits_for_a_job_that_is_cancelled_or_fails_maps_for_itself(
    codes: Mapping[str, str], tmp_path: Path
) -> None:
    first = send_project(project(codes))
    second = send_project(project(codes))
    assert tags(second)[:2] == ["queued", "queued"]
    assert len(live()) == 2
    cancel(live("refMapper")[0].id)
    fail(live("refMasker")[0])
    assert data(first)["failed"] == "true"
    assert data(first)["failed_step"] == "ref_mapper"
    assert "was cancelled" in data(first)["error"]
    assert {row.tag for row in live()} == {f"snp_project:{second}"}
    work_all(tmp_path)
    assert tags(second) == ["complete"] * 4
    assert counters(lookup(codes, OUTLIER)) == (2, 1, 0, 0)
    assert counters(lookup(codes, "reference", "ref_masker")) == (2, 1, 0, 1)
    resume_project(first)
    assert work_all(tmp_path) == ["refMapper_matrix", "matrix_phylogeny"]
    assert tags(first) == ["complete"] * 4


def test_what_ends_while_the_storage_is_away_moves_projects_on_once_when_it_is_back(
    codes: Mapping[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert why_unusable() == ""
    send_project(project(codes))
    waiting = send_project(project(codes), again=True)
    with monkeypatch.context() as unmounted:
        unmounted.setattr(celeryconfig, "crobot_storage", str(tmp_path))
        fail(live("refMapper")[0])
    assert "wait to be moved on" in caplog.text
    assert live("refMapper") == []
    (call,) = query(
        "SELECT id, kwargs FROM crobot.messages WHERE name = 'crobot.move_projects' AND published_at IS NULL"
    )
    for _ in range(2):
        move(str(call.id), **call.kwargs)
    assert [row.context["project_id"] for row in live("refMapper")] == [waiting]
    for row in live():
        cancel(row.id)


@pytest.mark.parametrize(
    "step",
    [
        pytest.param("ref_masker", marks=pytest.mark.full),
        "ref_mapper",
        pytest.param("ref_mapper_matrix", marks=pytest.mark.full),
        pytest.param("matrix_phylogeny", marks=pytest.mark.full),
    ],
)
def test_a_project_is_resumed_from_the_step_that_failed(
    codes: Mapping[str, str], tmp_path: Path, step: str
) -> None:
    project_id = send_project(project(codes))
    while data(project_id)[f"{step}"] != "queued" or live()[0].id != data(project_id)[f"{step}_id"]:
        work(live()[0], tmp_path)
    failed = data(project_id)[f"{step}_id"]
    fail(live()[0])
    while live():
        work(live()[0], tmp_path)
    found = data(project_id)
    assert (found["failed"], found["failed_step"], found[step]) == ("true", step, "not_sent")
    assert found["error"] == f"job {failed} failed: the tool said no"
    assert "complete" not in found
    with pytest.raises(BadInput, match="there is no SNP project"):
        resume_project(project_id + 1)
    resume_project(project_id)
    work_all(tmp_path)
    assert tags(project_id) == ["complete"] * 4
    with pytest.raises(BadInput, match="is complete"):
        resume_project(project_id)


def test_a_step_that_an_operator_sends_again_takes_the_project_with_it(
    codes: Mapping[str, str], tmp_path: Path
) -> None:
    project_id = send_project(project(codes))
    while not live("refMapper_matrix"):
        work(live()[0], tmp_path)
    (matrix,) = live()
    fail(matrix)
    get_crobot_job(matrix.id).again().send_job()
    assert tags(project_id)[2] == "queued"
    assert "failed" not in data(project_id)
    work_all(tmp_path)
    assert tags(project_id) == ["complete"] * 4


def test_an_assembly_of_another_species_fails_the_project_by_name_and_keeps_the_others(
    codes: Mapping[str, str], tmp_path: Path
) -> None:
    project_id = send_project(project(codes, OUTLIER, "ERR178926", "alien"))
    work_all(tmp_path)
    found = data(project_id)
    assert (found["failed"], found["failed_step"]) == ("true", "ref_mapper")
    assert found["error"].startswith(f"{codes['alien']}: ")
    assert "another species" in found["error"]
    row = lookup(codes, "alien")
    assert (row.status, counters(row)) == (LookupStatus.FAILED, (1, 0, 0, 1))
    assert "another species" in row.results["error"]
    assert lookup(codes, OUTLIER).status is LookupStatus.COMPLETE


def test_a_project_with_an_assembly_that_has_failed_the_qa_since_is_not_resumed(
    codes: Mapping[str, str],
) -> None:
    project_id = send_project(project(codes, OUTLIER, "ERR178926", "alien"))
    for row in live():
        fail(row)
    judge(codes["alien"], AssemblyStatus.FAILED_QA)
    try:
        with pytest.raises(BadInput, match=f"{codes['alien']} failed the QA.* send a project without it"):
            resume_project(project_id)
    finally:
        judge(codes["alien"], AssemblyStatus.ASSEMBLED)
    assert data(project_id)["failed"] == "true"


def judge(barcode: str, status: AssemblyStatus) -> None:
    with transaction(SPECIES) as session:
        find_assembly(session, barcode).status = status


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


def wish(project_id: int) -> None:
    """Somebody wants the project's outcome posted."""
    with transaction() as session:
        webhooks.order(session, SubjectKind.ANALYSIS, project_id, "http://app/x", "http://app", 0)


def written(project_id: int) -> list[Any]:
    """What is to be posted of it."""
    told = "SELECT body FROM crobot.deliveries WHERE number = :id AND kind = 'analysis' ORDER BY id"
    return [row.body for row in query(told, id=project_id)]


def test_each_end_of_a_project_is_written_for_who_wants_it(codes: Mapping[str, str]) -> None:
    project_id = send_project(project(codes))
    wish(project_id)
    (masker,) = live("refMasker")
    fail(masker)
    resume_project(project_id)
    (mapper,) = live("refMapper")
    with transaction(SPECIES) as session:
        cancel(mapper.id)
        session.rollback()
    assert len(written(project_id)) == 1
    cancel(mapper.id)
    first, second = written(project_id)
    assert (first["type"], second["type"]) == ("analysis.failed", "analysis.failed")
    assert f"job {masker.id} failed: the tool said no" in first["data"]["message"]
    assert f"job {mapper.id} was cancelled" in second["data"]["message"]
    for row in live():
        cancel(row.id)
    assert len(written(project_id)) == 2
