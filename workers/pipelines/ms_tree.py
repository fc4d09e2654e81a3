"""ms_tree: allelic profiles → GrapeTree's tree as Newick, nodes with positions, and a picture."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crobot_errors import BadInput, BadProfiles, ToolFailed, UnusableInput
from workers import storage
from workers.pipelines.base import Attempt, JobInput, Outcome, Pipeline, Resources, Tool
from workers.trees import newick
from workers.trees.allele_tree import AlleleTree, Node, mark_profiles, place, tree_of
from workers.trees.names import Names, file_names
from workers.trees.newick import Branch
from workers.trees.profiles import Profiles, check_profiles, read_profiles, read_values, write_profiles

GRAPETREE = Tool("grapetree", "grapetree", ("--version",), "3.0", "grapetree", "grapetree")
PYTHON = Tool("python", sys.executable, ("--version",), "3.11", "python3")
#: our method → GrapeTree's. Its NJ by FastME takes cubic time, and no fewer than four profiles
METHODS = {"MSTreeV2": "MSTreeV2", "NJ": "RapidNJ"}
#: measured: 2.1 GB and 160 s for 3,000 profiles of 3,000 loci, 0.7 GB and 22 s for 10,000 of 7
BASE_MEMORY_BYTES, MEMORY_A_PAIR, MEMORY_A_BYTE = 500 * 10**6, 120, 40
BASE_TIME_S, PAIRS_A_SECOND, CELLS_A_SECOND = 600, 200_000, 30 * 10**6
#: bytes of a cell of the table: a number of a few digits, and the tab
CELL_BYTES = 3


class MSTree(Pipeline):
    """Distances and tree are GrapeTree's; what is done here is to check, to read its tree, and to place it.

    Inputs: ``profiles``; ``shown`` (optional), a table of names and of values by which nodes get their colours.
    Parameters: ``method``; ``names``, whether Newick has the profiles' names (barcode) or their labels (strain);
    ``shown_by``, what the values are; ``scheme``, for the title.
    """

    name = "ms_tree"
    version = "1.1"
    tools = (GRAPETREE, PYTHON)
    expected_s = 20.0

    def resources(self, job: JobInput) -> Resources:
        """By the number of pairs of profiles, and the size of the table."""
        profiles, size = _extent(job)
        pairs = profiles * profiles
        return Resources(
            cores=1,
            memory_bytes=BASE_MEMORY_BYTES + MEMORY_A_PAIR * pairs + MEMORY_A_BYTE * size,
            disk_bytes=BASE_MEMORY_BYTES + 30 * pairs + 4 * size,
            time_s=BASE_TIME_S + pairs // PAIRS_A_SECOND + profiles * size // CELL_BYTES // CELLS_A_SECOND,
        )

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:
        """Check the method, and the beginning of the table."""
        _method(job)
        _names(job)
        check_profiles(storage.checked_file(_table(job), roots))
        if "shown" in job.inputs:
            storage.checked_file(str(job.inputs["shown"]), roots)

    def run(self, attempt: Attempt) -> Outcome:
        """Read, calculate, place, draw."""
        method = _method(attempt.job)
        try:
            profiles = read_profiles(attempt.input_file(_table(attempt.job)))
        except BadProfiles as error:
            raise UnusableInput(str(error)) from error
        groups = profiles.groups()
        attempt.log(
            f"{len(profiles.names)} profiles of {len(profiles.loci)} loci, {len(groups)} different ones"
        )
        root, tree = _calculated(attempt, profiles, groups, method)
        place(tree)
        return Outcome(*_written(attempt, profiles, method, root, tree))


def _method(job: JobInput) -> str:
    method = job.params.get("method", "MSTreeV2")
    if method not in METHODS:
        raise BadInput(f"there is no method {method!r}: a tree is made by {' or '.join(METHODS)}")
    return str(method)


def _names(job: JobInput) -> Names:
    names = job.params.get("names", Names.BARCODE)
    if names not in [*Names]:
        raise BadInput(f"there are no names {names!r}: files have those of {' or '.join(Names)}")
    return Names(names)


def _table(job: JobInput) -> str:
    path = job.inputs.get("profiles")
    if not isinstance(path, str) or not path:
        raise BadInput(f"ms_tree needs the input 'profiles', the path of a table, not {path!r}")
    return path


def _extent(job: JobInput) -> tuple[int, int]:
    """Number of profiles as the sender says, and bytes of the table; 0 on a node that lacks it."""
    try:
        size = Path(_table(job)).stat().st_size
    except OSError:
        size = 0
    profiles = job.params.get("profiles")
    # each line has a name and two columns at least
    return (profiles if isinstance(profiles, int) and profiles > 0 else min(size // 6, 3000)), size


def _calculated(
    attempt: Attempt, profiles: Profiles, groups: Sequence[Sequence[int]], method: str
) -> tuple[Branch, AlleleTree]:
    """The tree by GrapeTree; of profiles that are all the same it makes none."""
    if len(groups) == 1:
        leaves = [Branch(str(at)) for at in groups[0]]
        return Branch(children=leaves), AlleleTree([Node(0, list(groups[0]))])
    table, text = attempt.scratch_dir / "profiles.tsv", attempt.scratch_dir / "tree.nwk"
    # numbers as names: GrapeTree changes some characters in real ones
    write_profiles(table, profiles.loci, ((str(at), "", row) for at, row in enumerate(profiles.rows)))
    processes = ("-n", str(attempt.resources.cores))
    attempt.run_tool(GRAPETREE, ["-p", table, "-m", METHODS[method], *processes], stdout=text)
    root = _parsed(text)
    if method == "MSTreeV2":
        mark_profiles(root)
    return root, tree_of(root, groups)


def _parsed(path: Path) -> Branch:
    try:
        return newick.parse(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ToolFailed(f"GrapeTree gave no tree: {error}") from error


def _in_files(job: JobInput, profiles: Profiles) -> list[str]:
    """The names of the profiles in Newick, in their order."""
    if _names(job) is Names.BARCODE:
        return profiles.names
    return [*file_names(dict(zip(profiles.names, profiles.labels, strict=True))).values()]


def _shown(attempt: Attempt, profiles: Profiles) -> list[str] | None:
    """The value of each profile, in their order; empty where none is known."""
    if "shown" not in attempt.job.inputs:
        return None
    values = read_values(attempt.input_file(str(attempt.job.inputs["shown"])))
    return [values.get(name, "") for name in profiles.names]


def _written(
    attempt: Attempt, profiles: Profiles, method: str, root: Branch, tree: AlleleTree
) -> tuple[dict[str, Any], dict[str, str]]:
    """Write the files; a tree of thousands is too large for the report, which has its figures only."""
    files = {name: attempt.output_dir / f"tree.{name}" for name in ("nwk", "json", "svg", "png")}
    names = _in_files(attempt.job, profiles)
    named = newick.write(root, lambda branch: names[int(branch.name)] if not branch.children else "")
    files["nwk"].write_text(named + "\n", encoding="utf-8")
    scheme = attempt.job.params.get("scheme", "")
    title = f"{scheme} {method}: {len(profiles.names)} profiles, {len(profiles.loci)} loci"
    values = _shown(attempt, profiles)
    shown_by = {} if values is None else {"shown_by": str(attempt.job.params.get("shown_by", ""))}
    shown = {"title": title.strip(), "method": method} | shown_by
    shown |= tree.as_dict(profiles.names, profiles.labels, values)
    files["json"].write_text(json.dumps(shown) + "\n", encoding="utf-8")
    attempt.run_tool(PYTHON, ["-m", "workers.trees.tree_picture", files["json"], files["svg"], files["png"]])
    return {
        "method": method,
        "loci": len(profiles.loci),
        "profiles": len(profiles.names),
        "different_profiles": sum(bool(node.members) for node in tree.nodes),
        "total_length": round(sum(edge.distance for edge in tree.edges), 3),
        "longest_edge": max((edge.distance for edge in tree.edges), default=0),
        "missing_alleles": sum(row.count(0) for row in profiles.rows),
    }, {name: str(path) for name, path in files.items()}
