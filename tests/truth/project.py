"""The four pipelines of an SNP project, one after the other in this process, on files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.job import JobInput
from workers.pipelines import pipeline
from workers.runner import run_attempt

_numbers = count(1)


def run_reads(directory: Path, reads: Sequence[Path], prefix: str, **params: Any) -> Path:
    """Assemble reads with QAssembly; the assembly."""
    job = JobInput({}, {"prefix": prefix, **params}, [[str(path) for path in reads]])
    return Path(_run(directory, "QAssembly", job)["outputs"]["assembly"])


def run(directory: Path, name: str, inputs: Mapping[str, Any], **params: Any) -> dict[str, Any]:
    """Run one pipeline; what its report says."""
    return _run(directory, name, JobInput({key: str(path) for key, path in inputs.items()}, params))


def _run(directory: Path, name: str, job: JobInput) -> dict[str, Any]:
    storage, state = directory / "storage", directory / "state"
    storage.mkdir(exist_ok=True)
    state.mkdir(exist_ok=True)
    roots = [Path("/")]
    pipeline(name).validate(job, roots)
    resources = pipeline(name).resources(job)
    return run_attempt(pipeline(name), Attempt(next(_numbers), 1, job, resources, storage, roots, state))


def run_project(
    directory: Path, reference: tuple[str, Path], assemblies: Mapping[str, Path], **params: Any
) -> dict[str, dict[str, Any]]:
    """Run them all; the reports by pipeline."""
    name, path = reference
    mask = run(directory, "refMasker", {"reference": path})
    mapped = run(directory, "refMapper", {"reference": path, **assemblies})
    inputs = {"reference": path, "mask": mask["outputs"]["gff"], **mapped["outputs"]}
    matrix = run(directory, "refMapper_matrix", inputs, reference_name=name)
    tree = run(
        directory,
        "matrix_phylogeny",
        {"alignment": matrix["outputs"]["snp_fasta"]},
        constant=matrix["results"]["constant"],
        reference=name,
        **params,
    )
    return {"refMasker": mask, "refMapper": mapped, "refMapper_matrix": matrix, "matrix_phylogeny": tree}
