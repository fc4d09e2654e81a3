"""SNP projects and analyses of users, for operators."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crobot_tasks.broker.folders import storage_root
from tests.command import crobot, document
from tests.integration.crobot_tasks.web.flower.conftest import Get, Person
from tests.processes import Cluster, query, value
from workers.storage import job_dir

ODD = "<b>odd</b> & 'name'"
USER = 70_901


def stored(kind: str, data: dict[str, Any]) -> int:
    """The number of an analysis that no job has made."""
    add = (
        "INSERT INTO system.user_preferences (user_id, database, type, name, data)"
        " VALUES (:user, 'senterica', :kind, :name, CAST(:data AS jsonb)) RETURNING id"
    )
    return int(value(add, user=USER, kind=kind, name=ODD, data=json.dumps(data)))


@pytest.fixture
def drawn(cluster: Cluster) -> tuple[int, Path]:
    """A complete job, and a picture in its folder."""
    job = int(document("send", "probe")["job"])
    crobot("wait", job, "--timeout", 60)
    picture = job_dir(storage_root(), job) / "1" / "tree.svg"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    return job, picture


def test_a_project_shows_its_steps_and_pictures_of_its_own_jobs(
    drawn: tuple[int, Path], viewer: Person, get: Get
) -> None:
    job, picture = drawn
    data = {
        "ref_masker": "complete", "ref_mapper": "complete", "ref_mapper_matrix": "complete",
        "matrix_phylogeny": "complete", "matrix_phylogeny_id": job, "reference": ODD, "barcodes": {"b": 1},
        "labels": {}, "date_created": "2026-01-01", "date_modified": "2026-01-01", "complete": "true",
        "warnings": [ODD], "snps": 7, "tree_svg": str(picture), "distances_svg": "/etc/passwd",
    }  # fmt: skip
    number = stored("snp_project", data)
    assert f'href="/analyses/{number}"' in viewer.page(f"/analyses?user={USER}")
    shown = viewer.page(f"/analyses/{number}")
    assert "matrix_phylogeny: complete" in shown
    assert f'href="/jobs/{job}"' in shown
    for path in (f"/analyses/{number}", "/analyses"):
        assert "<b>odd" not in viewer.page(path)
        assert ODD in viewer.get(path)
    tree = get(f"/analyses/{number}/tree_svg.svg")
    assert (tree.headers["Content-Type"], tree.text) == ("image/svg+xml", picture.read_text())
    assert "sandbox" in tree.headers["Content-Security-Policy"]
    for name in ("distances_svg", "reference", "nothing"):
        assert "it has no picture" in viewer.get(f"/analyses/{number}/{name}.svg", 404)
    get(f"/analyses/{number}/tree_svg.svg", 401, login=None)
    query("DELETE FROM system.user_preferences WHERE id = :id RETURNING id", id=number)


def test_an_analysis_names_its_job_and_shows_its_tree(
    drawn: tuple[int, Path], viewer: Person, get: Get
) -> None:
    job, picture = drawn
    number = stored("ms_tree", {"job_id": job, "failed": "true", "error": ODD, "svg": str(picture)})
    shown = viewer.page(f"/analyses/{number}")
    assert f'href="/jobs/{job}"' in shown
    assert f'src="/analyses/{number}/svg.svg"' in shown
    assert "<b>odd" not in shown
    assert get(f"/analyses/{number}/svg.svg").text == picture.read_text()
    query("DELETE FROM system.user_preferences WHERE id = :id RETURNING id", id=number)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/analyses/999999999", 404, "there is no analysis or SNP project 999999999"),
        ("/analyses/999999999999999", 404, "there is no analysis or SNP project"),
        ("/analyses?user=x", 400, "user 'x' is not a whole number"),
        ("/analyses?database=nosuch", 200, "There is none like this"),
    ],
    ids=range(4),
)
def test_what_is_not_there_is_said(
    cluster: Cluster, viewer: Person, path: str, status: int, said: str
) -> None:
    assert said in viewer.get(path, status)
