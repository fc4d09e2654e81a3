"""Running a pipeline as a node does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt

_numbers = count(1)


def run_pipeline(
    name: str,
    folder: Path,
    inputs: dict[str, Any],
    params: dict[str, Any],
    *,
    reads: Sequence[list[str]] = (),
    roots: tuple[Path, ...] = (),
    checked: bool = False,
) -> dict[str, Any]:
    """Return the report of a pipeline on files below a folder or ``roots``; its own files go below the folder.

    Raises:
        BadInput: the head would refuse it, which is asked only if ``checked``.
        AttemptError: it failed.
    """
    storage, state = folder / "storage", folder / "state"
    for each in (storage, state):
        each.mkdir(exist_ok=True)
    ran, job, readable = pipeline(name), JobInput(inputs, params, list(reads)), [folder, *roots]
    if checked:
        ran.validate(job, readable)
    attempt = Attempt(next(_numbers), 1, job, ran.resources(job), storage, readable, state)
    return run_attempt(ran, attempt)


def run_on(name: str, assembly: Path, folder: Path, **params: Any) -> dict[str, Any]:
    """Return the report of a pipeline on an assembly."""
    given = {"prefix": "SAL_AA0001AA_AS", "genus": "Salmonella", "references": []} | params
    references = tuple(Path(path).parent for path in given["references"])
    files = {"assembly": str(assembly)}
    return run_pipeline(name, folder, files, given, roots=(assembly.parent, *references))
