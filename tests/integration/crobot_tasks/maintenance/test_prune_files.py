"""What is pruned on the storage: never what a result names, a live job reads, or says how a live job goes."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crobot_errors import ServiceError
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.assembly import AssemblyJob
from crobot_tasks.maintenance.pruning.prune import Pruned, prune
from crobot_tasks.operate import logs
from db.crobot import jobs
from db.engine import transaction
from db.nomenclature import import_scheme
from db.species import assemblies
from tests.integration.crobot_tasks.maintenance.old_jobs import BYTES, add_job, all_of, files, path, write
from tests.integration.crobot_tasks.maintenance.strains import Species
from tests.processes import query
from workers.storage import MARK, analysis_dir, job_dir, output_dir, scheme_dir

Policy = Callable[[str], None]

LOGS = ["1/log.txt", "2/log.txt"]


@pytest.fixture(autouse=True)
def alone(policy: Policy) -> None:
    """Nothing is left of the tests before, and the policy says nothing."""
    query("DELETE FROM crobot.jobs RETURNING id")
    query("DELETE FROM crobot.prunings RETURNING kind")
    shutil.rmtree(storage_root() / "outputs", ignore_errors=True)
    (storage_root() / "outputs").mkdir()


def pruned(**options: bool) -> dict[str, Pruned]:
    return {one.kind: one for one in prune(**options)}


def test_of_attempts_that_another_followed_the_outputs_go_and_the_logs_stay() -> None:
    job = add_job("COMPLETE", 50, 40, named=["2/assembly.fasta"])
    found = pruned()["unused_outputs"]
    assert (found.days, found.number, found.bytes) == (30, 2, 2 * BYTES)
    assert files(job) == sorted([*all_of(2), "1/log.txt"])


def test_files_of_an_earlier_attempt_stay_if_the_result_names_them() -> None:
    job = add_job("COMPLETE", 500, 400, 300, named=["1/assembly.fasta", "3/log.txt"])
    pruned()
    assert files(job) == ["1/assembly.fasta", "1/parts/one", "3/assembly.fasta", "3/log.txt", "3/parts/one"]


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
def test_of_jobs_without_a_result_the_outputs_go_first_and_the_logs_later(state: str, policy: Policy) -> None:
    young, old = add_job(state, 29, 29), add_job(state, 50, 40)
    pruned()
    assert files(young) == all_of(1, 2)
    assert files(old) == LOGS
    policy("[retention]\nlogs_d = 35")
    assert pruned()["logs"].number == 2
    assert files(young) == all_of(1, 2)
    assert not job_dir(storage_root(), old).exists()


def test_logs_of_live_jobs_stay_and_so_does_all_of_their_newest_attempt() -> None:
    waiting = add_job("WAITING", 500, 400)
    running = add_job("RUNNING", 500, None)
    pruned()
    assert files(waiting) == sorted(["1/log.txt", *all_of(2)])
    assert files(running) == sorted(["1/log.txt", *all_of(2)])


def test_what_a_live_job_reads_stays_whoever_has_written_it() -> None:
    failed = add_job("FAILED", 400)
    add_job("WAITING", kwargs={"inputs": {"contigs": str(path(failed, "1/assembly.fasta"))}})
    other = add_job("FAILED", 400)
    pruned()
    assert files(failed) == all_of(1)
    assert files(other) == []


def test_an_assembly_and_what_answers_a_later_send_stay_for_good(species: Species) -> None:
    traces = species.add_strain("one")
    context = f'{{"trace_ids": {traces}}}'
    job = add_job(
        "COMPLETE", 500, 400, named=["2/assembly.fasta"], context=context, cache_key="the same",
        pipeline="QAssembly", type="QAssembly", database=species.name,
    )  # fmt: skip
    fasta = path(job, "2/assembly.fasta")
    with transaction(species.name) as session:
        record = assemblies.AssemblyRecord(job, "4.1", str(fasta), True)
        assemblies.record_assembly(session, record, traces)
    found = pruned()
    assert (found["unused_outputs"].number, found["logs"].number) == (2, 2)
    assert files(job) == ["2/assembly.fasta", "2/parts/one"]
    with transaction(species.name) as session:
        answer = jobs.cached(session, ["the same"])["the same"]
        row = jobs.find(session, answer.id)
        assert AssemblyJob.from_row(row).has_result(session, row.id)
    assert "it ended on " in logs.why_none(row)
    assert "logs are kept for 180 days (logs_d of the policy)" in logs.why_none(row)


def test_a_dry_run_says_what_goes_and_removes_nothing() -> None:
    old = [add_job("FAILED", 400), add_job("COMPLETE", 300, 300, named=["2/assembly.fasta"])]
    before = [files(job) for job in old]
    said = pruned(dry_run=True)
    assert [files(job) for job in old] == before
    done = pruned()
    # what goes with the outputs is not there any more when logs are looked at
    assert (said["unused_outputs"], done["unused_outputs"].number) == (done["unused_outputs"], 4)
    assert done["logs"].number == 3
    assert all(one.number == 0 for one in pruned().values())


def test_who_goes_on_after_a_crash_or_beside_another_leaves_nothing() -> None:
    old = [add_job("FAILED", 400 - number % 7) for number in range(60)]
    shutil.rmtree(output_dir(storage_root(), old[3], 1) / "parts")  # so far somebody had come
    with ThreadPoolExecutor(3) as heads:
        for one in [heads.submit(prune) for _ in range(3)]:
            one.result()
    assert [job for job in old if files(job)] == []


def test_what_was_put_back_is_found_when_all_is_looked_at_anew() -> None:
    job = add_job("FAILED", 400)
    pruned()
    write(job, 1)
    assert pruned()["logs"].number == 0
    # whichever kind comes first takes it
    assert sum(one.number for one in pruned(anew=True).values()) == 3
    assert files(job) == []


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    job = add_job("FAILED", 400)
    (tmp_path / "precious").write_text("x")
    folder = output_dir(storage_root(), job, 1)
    (folder / "elsewhere").symlink_to(tmp_path)
    other = add_job("FAILED", 400)
    shutil.rmtree(output_dir(storage_root(), other, 1))
    output_dir(storage_root(), other, 1).symlink_to(tmp_path)
    pruned()
    assert files(job) == []
    assert (tmp_path / "precious").read_text() == "x"


def test_nothing_goes_while_another_storage_is_in_its_place() -> None:
    pruned()
    job = add_job("FAILED", 400)
    mark = storage_root() / MARK
    content = mark.read_text()
    mark.unlink()
    with pytest.raises(ServiceError, match="nothing can be removed: the storage .* has no file"):
        prune()
    mark.write_text(content)
    assert files(job) == all_of(1)


def test_a_kind_that_is_kept_stays_for_good(policy: Policy) -> None:
    policy('[retention]\nkeep = ["logs", "unused_outputs"]')
    job = add_job("FAILED", 4000)
    assert pruned()["logs"] == Pruned("logs", None, 0, 0)
    assert files(job) == all_of(1)


def test_folders_of_analyses_that_are_gone_go_unless_a_live_job_reads_them() -> None:
    [row] = query("INSERT INTO system.user_preferences (type) VALUES ('ms_trees') RETURNING id")
    gone, read, young = (analysis_dir(storage_root(), row.id + more) for more in (1, 2, 3))
    stored = analysis_dir(storage_root(), row.id)
    for folder in (stored, gone, read, young):
        folder.mkdir(parents=True)
        (folder / "profiles.tsv").write_text("x")
        age(folder, 1 if folder is young else 31)
    add_job("ROUTED", kwargs={"inputs": {"profiles": str(read / "profiles.tsv")}})
    assert pruned()["analyses"].number == 1
    assert [folder.exists() for folder in (stored, gone, read, young)] == [True, False, True, True]


def test_former_versions_of_a_scheme_go_unless_a_live_job_reads_them(species: Species) -> None:
    with transaction(species.name) as session:
        version = import_scheme(session, "mlst", "MLST", "MLST", ["aroC"], [("aroC", 1, "ATGTAA")], [])
    folders = [
        scheme_dir(storage_root(), species.name, "mlst", one) for one in (version, "1-old", "2-read", "3-new")
    ]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "scheme.json").write_text("{}")
        age(folder, 10 if folder.name == "3-new" else 100)
    age(folders[0], 80)
    add_job("WAITING", kwargs={"params": {"scheme_dir": str(folders[2])}})
    assert pruned()["schemes"].number == 0  # jobs of the version before may have been sent until 80 days ago
    age(folders[0], 100)
    assert pruned()["schemes"].number == 1
    assert [folder.exists() for folder in folders] == [True, False, True, True]


def age(folder: Path, days: int) -> None:
    """Have a folder been written so many days ago."""
    then = time.time() - days * 86_400
    os.utime(folder, (then, then))
