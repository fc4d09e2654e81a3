"""Results of schemes that are not MLST, for people: serovar, annotation, CRISPR arrays."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from crobot_tasks.cli.output import facts, table


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
        out.print(f"  {message}", markup=False)
    if found["genes"]:
        keys = ("gene", "antigen", "allele", "contig", "identity", "coverage")
        lines = [[one[key] for key in keys] for one in found["genes"]]
        out.print(table([key.capitalize() for key in keys], lines, right=("Identity", "Coverage")))


def _nearest(match: dict[str, Any] | None) -> str:
    if not match:
        return ""
    genome = f"{match['genome']} ({match['serovar']})"
    return f"{genome}, cgMLST distance {match['distance']}, {match['loci_found']} loci found"


def _show_arrays(out: Console, found: dict[str, Any]) -> None:
    out.print()
    out.print(facts({"Arrays": found["array_count"], "Spacers": found["spacer_count"]}))
    if found["arrays"]:
        columns = ("Contig", "Start", "End", "Spacers", "Repeat")
        lines = [
            [one["contig"], one["start"], one["end"], len(one["spacers"]), one["repeat_consensus"]]
            for one in found["arrays"]
        ]
        out.print(table(columns, lines, right=("Start", "End", "Spacers")))


def _show_annotation(out: Console, found: dict[str, Any]) -> None:
    out.print()
    out.print(facts({**found["counts"], "Locus tag": found["locus_tag"], "Compared with": found["proteins"]}))
