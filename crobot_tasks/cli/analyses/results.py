"""The results of analyses in tables: hits of a locus search, the figures of a tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console

from crobot_tasks.cli.output import facts, table

#: more hits or nodes than these are counted only
MOST_LINES = 40


def show_analysis(out: Console, one: dict[str, Any]) -> None:
    """Print an analysis with its result."""
    data = one["data"]
    out.print(
        facts(
            {
                "Analysis": f"{one['id']}  {one['type']}",
                "Name": one["name"],
                "Species": one["species"],
                "User": one["user"],
                "State": one["state"],
                "Error": one["error"],
                "Job": one["job"],
                "Pipeline": (data.get("provenance") or {}).get("pipeline_version"),
                "Modified": one["modified"],
            }
        )
    )
    show_results_of(out, one["type"], data)


def show_results_of(out: Console, kind: str, found: Mapping[str, Any]) -> None:
    """Print what an analysis of some type found, if we know the type and there is something."""
    if kind in _SHOWN and _SHOWN[kind][0] in found:
        out.print()
        _SHOWN[kind][1](out, found)


def _show_hits(out: Console, found: Mapping[str, Any]) -> None:
    lines = [[one["query"], one["length"], "yes" if one["coding"] else "no", one["hits"], one["whole_and_identical"]]
             for one in found["queries"][:MOST_LINES]]  # fmt: skip
    numbers = ("Bases", "Hits", "Identical")
    out.print(table(("Query", "Bases", "Coding", "Hits", "Identical"), lines, right=numbers))
    if not found["hits"]:
        return
    out.print()
    lines = [[hit["query"], hit["contig"], hit["start"], hit["end"], hit["strand"], f"{100 * hit['identity']:.2f} %",
              f"{100 * hit['coverage']:.1f} %", hit["alignment_length"], hit["translation"],
              ", ".join(f"{one['locus']} {one['allele']} ({one['scheme']})" for one in hit.get("loci", ()))]
             for hit in found["hits"][:MOST_LINES]]  # fmt: skip
    columns = (
        "Query",
        "Contig",
        "Start",
        "End",
        "",
        "Identity",
        "Coverage",
        "Aligned",
        "Translation",
        "Loci",
    )
    out.print(table(columns, lines, right=("Start", "End", "Identity", "Coverage", "Aligned")))
    if found["hit_count"] > len(lines):
        out.print(f"and {found['hit_count'] - len(lines)} more", markup=False)


def _show_tree(out: Console, found: Mapping[str, Any]) -> None:
    profiles = f"{found['profiles']:,} ({found['different_profiles']:,} different)"
    out.print(
        facts(
            {
                "Method": found["method"],
                "Profiles": f"{profiles}, {found['loci']:,} loci",
                "Missing alleles": f"{found['missing_alleles']:,}",
                "Length": f"{found['total_length']:,g} alleles, the longest edge {found['longest_edge']:,g}",
                "Newick": found.get("nwk"),
                "Nodes": found.get("json"),
                "Picture": found.get("png"),
            }
        )
    )


#: type → a key that its results have, and who prints them
_SHOWN: dict[str, tuple[str, Callable[[Console, Mapping[str, Any]], None]]] = {
    "locus_search": ("hits", _show_hits),
    "ms_tree": ("different_profiles", _show_tree),
}
