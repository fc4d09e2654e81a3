"""What a result names: one gate for the files of all job classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import celeryconfig
from crobot_errors import BadPath
from crobot_tasks.jobs import (
    AssemblyJob,
    AssemblyStatsJob,
    GenericJob,
    LocusSearchJob,
    LocusTableJob,
    MatrixJob,
    MSTreeJob,
    NomenclatureJob,
    PhylogenyJob,
    RefMapperJob,
    RefMaskerJob,
)
from workers.storage import job_dir

CLASSES = [
    AssemblyJob, AssemblyStatsJob, GenericJob, LocusSearchJob, LocusTableJob, MSTreeJob, MatrixJob, NomenclatureJob,
    PhylogenyJob, RefMapperJob, RefMaskerJob,
]  # fmt: skip
ROW: dict[str, Any] = dict.fromkeys(("type", "tag", "database", "workgroup", "batch", "priority", "node"), "")
RESULT = {"results": {"qa": {"verdict": "fail"}}}


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Path]:
    former = celeryconfig.crobot_storage
    celeryconfig.crobot_storage = str(tmp_path)
    yield tmp_path
    celeryconfig.crobot_storage = former


def read(cls: Any, outputs: Any) -> Any:
    row = ROW | {"id": 17, "pipeline": "p", "user_id": 1, "kwargs": {}, "context": {}}
    return cls.from_row(SimpleNamespace(**row)).read_outputs(RESULT | {"outputs": outputs})


def written(storage: Path, job_id: int = 17) -> Path:
    path = job_dir(storage, job_id) / "1" / "file"
    path.parent.mkdir(parents=True)
    path.write_text("content")
    return path


@pytest.mark.parametrize("cls", CLASSES)
def test_no_job_class_takes_a_file_of_another_job(storage: Path, cls: Any) -> None:
    with pytest.raises(BadPath, match="outside the job's own folder"):
        read(cls, {"gff": str(written(storage, 18))})


@pytest.mark.parametrize("cls", CLASSES)
def test_no_job_class_fails_a_job_for_a_file_that_is_late(storage: Path, cls: Any) -> None:
    with pytest.raises(FileNotFoundError):
        read(cls, {"gff": str(job_dir(storage, 17) / "1" / "late")})


@pytest.mark.parametrize("cls", CLASSES)
def test_every_job_class_gets_its_files(storage: Path, cls: Any) -> None:
    path = written(storage)
    found = read(cls, {"gff": str(path)})
    assert (found.file("gff"), found.paths()) == (path, {"gff": str(path)})
    assert found.texts == ({"gff": "content"} if cls is NomenclatureJob else {})
    with pytest.raises(BadPath, match="names no file 'tree'"):
        found.file("tree")


@pytest.mark.parametrize("odd", [["/a"], "text", 7, {"gff": 7}, {"gff": None}])
def test_outputs_that_are_no_files_by_name_are_refused(storage: Path, odd: Any) -> None:
    with pytest.raises(BadPath):
        read(GenericJob, odd)
