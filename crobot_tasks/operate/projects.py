"""SNP projects as people and pages see them: how their steps stand, and what they found."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.jobs.snp.state import Step
from db.crobot import jobs
from db.engine import transaction
from db.system import UserPreference, projects

#: keys of files, and what people call them
FILES = {
    "matrix": "SNP matrix",
    "snp_fasta": "SNPs as FASTA",
    "data_file": "Distances",
    "shares_file": "Shares of the reference",
    "distances_png": "Picture of distances",
    "distances_svg": "the same, SVG",
    "raxml_tree": "Tree (Newick)",
    "tree_png": "Picture of the tree",
    "tree_svg": "the same, SVG",
}


def describe(project_id: int) -> dict[str, Any]:
    """Return what is known of a project, with the table of distances.

    Raises:
        BadInput: there is none of this number.
    """
    found = described(project_id)
    names = found["data"].get("names", {})
    return found | {"distances": _distances(found["data"].get("data_file"), names)}


def described(project_id: int) -> dict[str, Any]:
    """Return what the database knows of a project: no file is read.

    Raises:
        BadInput: there is none of this number.
    """
    with transaction() as session:
        row = projects.find(session, project_id)
        data = dict(row.data)
        ids = {step: data.get(f"{step}_id") for step in Step}
        states = jobs.states(session, [job_id for job_id in ids.values() if job_id])
        about = summary(row)
    steps = [
        {"step": step.value, "tag": data[step], "job": ids[step], "state": states.get(ids[step] or 0)}
        for step in Step
    ]
    numbers = {number: code for code, number in data["barcodes"].items()}
    counts = {numbers[int(number)]: count for number, count in data.get("snp_count", {}).items()}
    return about | {
        "reference": data["reference"],
        "assemblies": list(data["barcodes"]),
        "labels": data["labels"],
        "error": data.get("error"),
        "failed_step": data.get("failed_step"),
        "steps": steps,
        "core_sites": data.get("core_sites"),
        "core_share": data.get("core_share"),
        "shares": data.get("shares", {}),
        "warnings": data.get("warnings", []),
        "snp_count": counts,
        "distances": None,
        "files": {key: data[key] for key in FILES if key in data},
        "data": data,
    }


def summary(row: UserPreference) -> dict[str, Any]:
    """Return what is told of a project in a list."""
    data = row.data
    state = "failed" if "failed" in data else "complete" if "complete" in data else "live"
    return {
        "id": row.id,
        "state": state,
        "species": row.database,
        "name": row.name,
        "user_id": row.user_id,
        "taxa": len(data["barcodes"]) + 1,
        "snps": data.get("snps"),
        "created": data["date_created"],
        "modified": data["date_modified"],
    }


def _distances(path: str | None, names: Mapping[str, str]) -> list[list[str]] | None:
    """The table of distances, its first line and column the barcodes, whatever the file has for them."""
    if path is None or not Path(path).is_file():
        return None
    barcodes = {name: code for code, name in names.items()}
    first, *rows = [line.split("\t") for line in Path(path).read_text(encoding="utf-8").splitlines()]
    header = [barcodes.get(name, name) for name in first]
    return [header, *([barcodes.get(row[0], row[0]), *row[1:]] for row in rows)]
