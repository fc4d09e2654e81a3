"""SNP projects that share what is mapped, also at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from crobot_tasks.jobs.snp import resume_project, send_project
from crobot_tasks.lifecycle.cancel import cancel
from tests.integration.crobot_tasks.jobs.snp.projects import (
    counters,
    data,
    fail,
    live,
    lookup,
    project,
    tags,
    work_all,
)
from tests.truth.agona import OUTLIER


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
