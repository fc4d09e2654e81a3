"""Files of jobs by HTTP: from below the job's own folder, whole or in ranges, or by nginx."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import celeryconfig
from crobot_tasks.broker.folders import storage_root
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, ended
from tests.processes import Cluster, query
from workers.storage import analysis_dir, job_dir, upload_dir


@pytest.fixture
def job(cluster: Cluster, app_of_7: Client, tmp_path: Path) -> int:
    """A complete job with files: its own, one elsewhere, and a link that leads out of its folder."""
    number = app_of_7.probe(params={"value": 1})
    assert ended(number) == "COMPLETE"
    folder = job_dir(storage_root(), number) / "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ein genöm.fasta").write_bytes(b"0123456789" * 100)
    (folder / "link").symlink_to("/etc/passwd")
    outputs = {
        "assembly": str(folder / "ein genöm.fasta"),
        "gone": str(folder / "gone.txt"),
        "link": str(folder / "link"),
        "other": "/etc/passwd",
        "up": str(folder / ".." / ".." / ".." / ".crobot-numbers"),
    }
    pairs = [pair for each in outputs.items() for pair in each]
    query(
        "UPDATE crobot.jobs SET result = json_build_object('outputs', json_object(:pairs)) WHERE id = :id"
        " RETURNING id",
        id=number, pairs=pairs,
    )  # fmt: skip
    return number


def test_files_are_listed_and_got_whole_or_in_ranges(job: int, app_of_7: Client) -> None:
    files = {one["name"]: one for one in app_of_7.get(f"{ROOT}/jobs/{job}/files")["files"]}
    assert files["assembly"]["bytes"] == 1000
    assert [name for name, one in files.items() if one["bytes"] is None] == ["gone", "link", "other", "up"]
    path = files["assembly"]["url"]
    whole = app_of_7.call("GET", path, 200)
    assert whole.data == b"0123456789" * 100
    assert whole.headers["Content-Disposition"].startswith("attachment; filename")
    part = app_of_7.call("GET", path, 206, headers={"Range": "bytes=995-"})
    assert (part.data, part.headers["Content-Range"]) == (b"56789", "bytes 995-999/1000")
    app_of_7.problem("GET", path, 416, headers={"Range": "bytes=2000-"})


@pytest.mark.parametrize(
    "name", ["gone", "link", "other", "up", "none", "../1/ein genöm.fasta", "..%2F..%2Fetc%2Fpasswd"]
)
def test_no_other_file_is_given_away(job: int, app_of_7: Client, name: str) -> None:
    app_of_7.problem("GET", f"{ROOT}/jobs/{job}/files/{name}", 404)


def test_nginx_is_told_where_the_file_is(job: int, app_of_7: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(celeryconfig, "crobot_api_accel", "/storage/")
    answer = app_of_7.call("GET", f"{ROOT}/jobs/{job}/files/assembly", 200)
    inside = f"/storage/outputs/{job // 1000}/{job}/1/ein%20gen%C3%B6m.fasta"
    assert (answer.headers["X-Accel-Redirect"], answer.data) == (inside, b"")


def test_a_job_may_name_files_that_its_user_sees_and_no_others(
    job: int, app_of_7: Client, client: Callable[..., Client], tmp_path: Path
) -> None:
    folder = job_dir(storage_root(), job) / "1"
    link = storage_root() / f"link-{job}"
    link.symlink_to(folder)
    query("UPDATE crobot.jobs SET workgroup = 'files' WHERE id = :id RETURNING id", id=job)
    stranger, colleague = client(), client(workgroup="files")
    for path in (folder / "ein genöm.fasta", link / "ein genöm.fasta", folder / "never"):
        item = {"pipeline": "assembly_stats", "params": {"prefix": "P"}, "inputs": {"assembly": str(path)}}
        problem = stranger.problem("POST", f"{ROOT}/jobs", 422, json=item)
        assert "is a file of a job that is none of yours" in problem["detail"]
        # the others are told what is really wrong: it is no FASTA, or not there
        for one in (app_of_7, colleague):
            assert "none of yours" not in one.problem("POST", f"{ROOT}/jobs", 422, json=item)["detail"]
    reads = {
        "database": "senterica",
        "strain": "x",
        "reads": [[str(folder / "a.fastq"), str(folder / "b.fastq")]],
    }
    assert "none of yours" in stranger.problem("POST", f"{ROOT}/jobs", 422, json=reads)["detail"]
    query("UPDATE crobot.jobs SET pipeline = 'QAssembly' WHERE id = :id RETURNING id", id=job)
    item |= {"params": {"prefix": "P", "genus": "Salmonella"}}
    assert "does not exist" in stranger.problem("POST", f"{ROOT}/jobs", 422, json=item)["detail"]
    query("UPDATE crobot.jobs SET pipeline = 'probe' WHERE id = :id RETURNING id", id=job)
    link.unlink()


def test_the_query_of_somebody_elses_analysis_is_theirs(tables: None, client: Callable[..., Client]) -> None:
    path = analysis_dir(storage_root(), 987_654) / "query.fasta"
    item = {"pipeline": "assembly_stats", "params": {"prefix": "P"}, "inputs": {"assembly": str(path)}}
    assert "none of yours" in client().problem("POST", f"{ROOT}/jobs", 422, json=item)["detail"]


def test_reads_that_somebody_else_has_uploaded_are_theirs(
    tables: None, client: Callable[..., Client]
) -> None:
    mine, other = client(user=7), client(user=8)
    upload_id = query(
        "INSERT INTO system.user_uploads (user_id, database, type) VALUES (7, 'senterica', 'reads') RETURNING id"
    )[0].id
    pair = [str(upload_dir(storage_root(), upload_id) / f"{mate}.fastq.gz") for mate in (1, 2)]
    reads = {"database": "senterica", "strain": "x", "reads": [pair]}
    assert "none of yours" in other.problem("POST", f"{ROOT}/jobs", 422, json=reads)["detail"]
    assert "none of yours" not in mine.problem("POST", f"{ROOT}/jobs", 422, json=reads)["detail"]
    query("DELETE FROM system.user_uploads WHERE id = :id RETURNING id", id=upload_id)
