"""The results of analyses in tables: hits of a locus search, presence and absence, the figures of a tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.tables import facts, table
from workers.nomenclature.presence import State

#: more hits or nodes than these are counted only
MOST_LINES = 40
_QUERY_COLUMNS = (
    Column("Query", Kind.NAME),
    Column("Bases", Kind.NUMBER),
    Column("Coding", importance=3),
    Column("Hits", Kind.NUMBER),
    Column("Identical", Kind.NUMBER),
)
_HIT_COLUMNS = (
    Column("Query", Kind.NAME),
    Column("Contig", Kind.NAME, importance=9),
    Column("Start", Kind.NUMBER, importance=8),
    Column("End", Kind.NUMBER, importance=8),
    Column("Strand", importance=5),
    Column("Identity", Kind.NUMBER, importance=7),
    Column("Coverage", Kind.NUMBER, importance=7),
    Column("Aligned", Kind.NUMBER, importance=2),
    Column("Translation", importance=3),
    Column("Loci", Kind.LIST),
)


_PRESENCE_COLUMNS = (
    Column("Sequence", Kind.NAME),
    Column("Bases", Kind.NUMBER, importance=5),
    Column("Present", Kind.NUMBER),
    Column("Identical", Kind.NUMBER, importance=8),
    Column("Whole", Kind.NUMBER, importance=7),
    Column("Part", Kind.NUMBER, importance=7),
    Column("Absent", Kind.NUMBER, importance=8),
)
#: so many sequences have a column each in the list of assemblies
MOST_SEQUENCES = 6


def show_analysis(out: Console, one: dict[str, Any]) -> None:
    """Print an analysis with its result."""
    data = one["data"]
    out.print(
        facts(
            {
                "Analysis": f"{one['id']}  {one['type']}",
                "Name": one["name"],
                "Species": one["species"],
                "User": str(one["user"]),
                "State": one["state"],
                "Error": one["error"],
                "Job": one["job"] and str(one["job"]),
                "Pipeline": (data.get("provenance") or {}).get("pipeline_version"),
                "Modified": one["modified"] and datetime.fromisoformat(one["modified"]),
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
    out.print(table(_QUERY_COLUMNS, lines))
    if not found["hits"]:
        return
    out.print()
    lines = [[hit["query"], hit["contig"], hit["start"], hit["end"], hit["strand"], f"{100 * hit['identity']:.2f} %",
              f"{100 * hit['coverage']:.1f} %", hit["alignment_length"], hit["translation"],
              [f"{one['locus']} {one['allele']} ({one['scheme']})" for one in hit.get("loci", ())]]
             for hit in found["hits"][:MOST_LINES]]  # fmt: skip
    out.print(table(_HIT_COLUMNS, lines))
    if found["hit_count"] > len(lines):
        out.print(f"and {found['hit_count'] - len(lines):,} more")


def _show_presence(out: Console, found: Mapping[str, Any]) -> None:
    queries = found["queries"]
    words = ("length", "present", "identical", "whole", "part", "absent")
    lines = [[one["query"], *(one[word] for word in words)] for one in queries[:MOST_LINES]]
    out.print(table(_PRESENCE_COLUMNS, lines))
    if len(queries) > len(lines):
        out.print(f"and {len(queries) - len(lines):,} more")
    out.print()
    shown = queries[:MOST_SEQUENCES]
    columns = [Column("Strain", Kind.NAME), Column("Assembly", Kind.NAME, importance=9)]
    columns += [Column(one["query"], Kind.NAME) for one in shown]
    rows = found["rows"][:MOST_LINES]
    out.print(
        table(
            columns,
            [
                [row["strain"], row["barcode"], *(State(one).word for one in row["states"][: len(shown)])]
                for row in rows
            ],
        )
    )
    if (more := found["searched"] + found["not_searched"] - len(rows)) > 0:
        out.print(f"and {more:,} more")
    out.print()
    unsearched = {f"{one['barcode']} not searched": one["error"] for one in found["errors"][:MOST_LINES]}
    files = {"Table": "table", "All hits": "hits", "As JSON": "json", "Picture": "png"}
    out.print(facts(unsearched | {word: _path(found, key) for word, key in files.items()}))


def _show_tree(out: Console, found: Mapping[str, Any]) -> None:
    profiles = f"{found['profiles']:,} ({found['different_profiles']:,} different)"
    out.print(
        facts(
            {
                "Method": found["method"],
                "Profiles": f"{profiles}, {found['loci']:,} loci",
                "Missing alleles": f"{found['missing_alleles']:,}",
                "Length": f"{_alleles(found['total_length'])}, the longest edge {_alleles(found['longest_edge'])}",
                "Newick": _path(found, "nwk"),
                "Nodes": _path(found, "json"),
                "Picture": _path(found, "png"),
            }
        )
    )


def _alleles(length: float) -> str:
    return f"{length:,.1f}".removesuffix(".0") + " alleles"


def _path(found: Mapping[str, Any], key: str) -> Path | None:
    return Path(found[key]) if found.get(key) else None


#: type → a key that its results have, and who prints them
_SHOWN: dict[str, tuple[str, Callable[[Console, Mapping[str, Any]], None]]] = {
    "locus_search": ("hits", _show_hits),
    "locus_table": ("rows", _show_presence),
    "ms_tree": ("different_profiles", _show_tree),
}
