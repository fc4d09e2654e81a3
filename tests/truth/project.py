"""The four pipelines of an SNP project, one after the other in this process, on files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.running import run_pipeline
from workers.pipelines.ref_mapper import QUALITY

ANYWHERE = (Path("/"),)


def run_reads(directory: Path, reads: Sequence[Path], prefix: str, **params: Any) -> tuple[Path, Path]:
    """Assemble reads with QAssembly; the assembly, and the quality of its bases."""
    given = {"prefix": prefix, **params}
    pair = [[str(path) for path in reads]]
    report = run_pipeline("QAssembly", directory, {}, given, reads=pair, roots=ANYWHERE, checked=True)
    return Path(report["outputs"]["assembly"]), Path(report["outputs"]["quality"])


def run(directory: Path, name: str, inputs: Mapping[str, Any], **params: Any) -> dict[str, Any]:
    """Run one pipeline; what its report says."""
    files = {key: str(path) for key, path in inputs.items()}
    return run_pipeline(name, directory, files, params, roots=ANYWHERE, checked=True)


def run_project(
    directory: Path,
    reference: tuple[str, Path],
    assemblies: Mapping[str, Path],
    qualities: Mapping[str, Path] | None = None,
    names: Mapping[str, str] | None = None,
    outgroup: str = "",
    **params: Any,
) -> dict[str, dict[str, Any]]:
    """Run them all; the reports by pipeline.

    ``qualities`` are those of assemblies with reads, ``names`` those of taxa in files.
    """
    name, path = reference
    names = names or {}
    mask = run(directory, "refMasker", {"reference": path})
    read = {f"{QUALITY}{name}": file for name, file in (qualities or {}).items()}
    mapped = run(directory, "refMapper", {"reference": path, **assemblies, **read})
    inputs = {"reference": path, "mask": mask["outputs"]["gff"], **mapped["outputs"]}
    matrix = run(directory, "refMapper_matrix", inputs, reference_name=name, names=dict(names))
    tree = run(
        directory,
        "matrix_phylogeny",
        {"alignment": matrix["outputs"]["snp_fasta"]},
        constant=matrix["results"]["constant"],
        reference=names.get(name, name),
        outgroup=names.get(outgroup, outgroup),
        **params,
    )
    return {"refMasker": mask, "refMapper": mapped, "refMapper_matrix": matrix, "matrix_phylogeny": tree}
