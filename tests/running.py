"""Running a pipeline as a node does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt

_numbers = count(1)


@dataclass(frozen=True)
class Run:
    """What a run of a pipeline took."""

    pipeline: str
    seconds: float
    #: of the largest tool, and what this process took beside it
    tools_bytes: int
    own_bytes: int


#: those of this process, for whoever wants to tell
RUNS: list[Run] = []


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
    began, before = time.monotonic(), _memory_bytes("VmRSS")
    # from now on the kernel counts the largest size anew
    Path("/proc/self/clear_refs").write_text("5")
    report = run_attempt(ran, attempt)
    own = max(0, _memory_bytes("VmHWM") - before)
    RUNS.append(Run(name, time.monotonic() - began, report["usage"]["peak_memory_bytes"], own))
    return report


def _memory_bytes(name: str) -> int:
    """What the kernel says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (found,) = (line.split()[1] for line in lines if line.startswith(f"{name}:"))
    return 1024 * int(found)


def run_on(name: str, assembly: Path, folder: Path, **params: Any) -> dict[str, Any]:
    """Return the report of a pipeline on an assembly."""
    given = {"prefix": "SAL_AA0001AA_AS", "genus": "Salmonella", "references": []} | params
    references = tuple(Path(path).parent for path in given["references"])
    files = {"assembly": str(assembly)}
    return run_pipeline(name, folder, files, given, roots=(assembly.parent, *references))
