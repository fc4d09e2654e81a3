"""Running a pipeline on an assembly, as a node does."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt

_numbers = count(1)


def run_on(name: str, assembly: Path, folder: Path, **params: Any) -> dict[str, Any]:
    """Return the report of a pipeline on an assembly; its files go below a folder."""
    storage, state = folder / "storage", folder / "state"
    for each in (storage, state):
        each.mkdir(exist_ok=True)
    job = JobInput(
        {"assembly": str(assembly)},
        {"prefix": "SAL_AA0001AA_AS", "genus": "Salmonella", "references": []} | params,
    )
    ran = pipeline(name)
    references = [Path(path).parent for path in job.params["references"]]
    roots = [assembly.parent, *references]
    return run_attempt(ran, Attempt(next(_numbers), 1, job, ran.resources(job), storage, roots, state))
