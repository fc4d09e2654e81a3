"""Results of schemes that are not MLST, for people: serovar, annotation, CRISPR arrays."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.tables import facts, table

_GENE_COLUMNS = (
    Column("Gene", Kind.NAME),
    Column("Antigen"),
    Column("Allele", Kind.NAME, importance=3),
    Column("Contig", Kind.NAME, importance=4),
    Column("Identity", Kind.NUMBER),
    Column("Coverage", Kind.NUMBER),
)
_ARRAY_COLUMNS = (
    Column("Contig", Kind.NAME),
    Column("Start", Kind.NUMBER),
    Column("End", Kind.NUMBER),
    Column("Spacers", Kind.NUMBER),
    Column("Repeat", Kind.PATH),
)


def show_scheme(out: Console, found: dict[str, Any]) -> None:
    """Print a result by what it has; one that is none of these prints nothing."""
    if "qc" in found and "serovar" in found:
        _show_serotype(out, found)
    elif "arrays" in found:
        _show_arrays(out, found)
    elif "locus_tag" in found:
        _show_annotation(out, found)


def _show_serotype(out: Console, found: dict[str, Any]) -> None:
    known = {
        "Serovar": found["serovar"] or "none",
        "Serogroup": found["serogroup"],
        "O": found["O"],
        "H1": found["H1"],
        "H2": found["H2"],
        "Nearest": _nearest(found["cgmlst_match"]),
        "QC": found["qc"]["status"],
        "Method": found["method"],
    }
    out.print()
    out.print(facts(known))
    for message in found["qc"]["messages"]:
        out.print(f"  {message}")
    if found["genes"]:
        keys = [column.heading.lower() for column in _GENE_COLUMNS]
        out.print(table(_GENE_COLUMNS, [[one[key] for key in keys] for one in found["genes"]]))


def _nearest(match: dict[str, Any] | None) -> str:
    if not match:
        return ""
    genome = f"{match['genome']} ({match['serovar']})"
    return f"{genome}, cgMLST distance {match['distance']}, {match['loci_found']:,} loci found"


def _show_arrays(out: Console, found: dict[str, Any]) -> None:
    out.print()
    out.print(facts({"Arrays": found["array_count"], "Spacers": found["spacer_count"]}))
    if found["arrays"]:
        lines = [
            [one["contig"], one["start"], one["end"], len(one["spacers"]), one["repeat_consensus"]]
            for one in found["arrays"]
        ]
        out.print(table(_ARRAY_COLUMNS, lines))


def _show_annotation(out: Console, found: dict[str, Any]) -> None:
    out.print()
    out.print(facts({**found["counts"], "Locus tag": found["locus_tag"], "Compared with": found["proteins"]}))
