"""What a failure leaves of an SNP project, and how it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.jobs import get_crobot_job
from crobot_tasks.jobs.snp import resume_project, send_project
from crobot_tasks.jobs.snp.moving import move
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.lifecycle.storage.mark import why_unusable
from db.engine import transaction
from db.species import AssemblyStatus, LookupStatus
from tests.integration.crobot_tasks.jobs.snp.projects import (
    SPECIES,
    counters,
    data,
    fail,
    judge,
    live,
    lookup,
    project,
    tags,
    wish,
    work,
    work_all,
    written,
)
from tests.processes import query
from tests.truth.agona import OUTLIER


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
