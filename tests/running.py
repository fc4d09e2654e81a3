"""Running a pipeline as a node does."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt

_numbers = count(1)


def run_pipeline(
    name: str, folder: Path, inputs: dict[str, Any], params: dict[str, Any], roots: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """Return the report of a pipeline on files below a folder or ``roots``; its own files go below the folder."""
    storage, state = folder / "storage", folder / "state"
    for each in (storage, state):
        each.mkdir(exist_ok=True)
    ran, job = pipeline(name), JobInput(inputs, params)
    asked = ran.resources(job)
    return run_attempt(ran, Attempt(next(_numbers), 1, job, asked, storage, [folder, *roots], state))


def run_on(name: str, assembly: Path, folder: Path, **params: Any) -> dict[str, Any]:
    """Return the report of a pipeline on an assembly."""
    given = {"prefix": "SAL_AA0001AA_AS", "genus": "Salmonella", "references": []} | params
    references = tuple(Path(path).parent for path in given["references"])
    return run_pipeline(name, folder, {"assembly": str(assembly)}, given, (assembly.parent, *references))
