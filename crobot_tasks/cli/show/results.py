"""A job's results in tables: QA measures beside their limits, the sequence type and its alleles, the tools."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from crobot_tasks.cli.analyses.results import show_results_of
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.show.scheme_results import show_scheme
from crobot_tasks.cli.tables import Matrix, facts, table
from crobot_tasks.operate.amounts import duration, size
from workers.assembling.assembly import SHORTEST_COUNTED

_MEASURE_COLUMNS = (
    Column("Measure"),
    Column("Value", Kind.NUMBER),
    Column("Limit"),
    Column("Verdict", importance=9),
)
_TOOL_COLUMNS = (
    Column("Tool"),
    Column("Version", importance=3),
    Column("Ran", Kind.NUMBER),
    Column("CPU", Kind.NUMBER, importance=4),
    Column("Peak memory", Kind.NUMBER),
)
_INPUT_COLUMNS = (Column("Input of", Kind.NUMBER), Column("Path", Kind.PATH), Column("sha256", Kind.PATH))


def show_results(out: Console, job: dict[str, Any]) -> None:
    """Print what is worth knowing of the result, as far as it has the parts that we know."""
    result = job["result"] if isinstance(job["result"], dict) else {}
    found = result.get("results")
    found = found if isinstance(found, dict) else {}
    if "qa" in found:
        _show_assembly(out, found)
    for lookup in job["schemes"]:
        if (lookup["results"] or {}).get("alleles"):
            _show_typing(out, lookup)
    if "qa" not in found:
        show_scheme(out, found)
    show_results_of(out, (job["type"] or "").split(":")[0], found)
    if found and "qa" not in found and not job["schemes"]:
        out.print()
        out.print(facts({name: value for name, value in found.items() if not isinstance(value, dict | list)}))
    _show_tools(out, result)
    _show_inputs(out, result)


def _show_assembly(out: Console, found: dict[str, Any]) -> None:
    statistics, qa = found.get("statistics", {}), found["qa"]
    out.print()
    out.print(facts({"QA": qa["verdict"] + "".join(f", {name} failed" for name in qa["failed"]),
                     "Not counted": _short_contigs(qa),
                     "Largest contig": f"{statistics.get('largest', 0):,} bp",
                     "Depth": f"{depth:.0f}x" if (depth := statistics.get("mean_depth")) else None,
                     "GC": f"{100 * statistics.get('gc_share', 0):.1f} %",
                     "Bases below Q30": _low_bases(found),
                     "Assembler": found.get("assembler"),
                     "Qualities of reads": _odd_qualities(found)}))  # fmt: skip
    out.print(table(_MEASURE_COLUMNS, [_measure(one) for one in qa["measures"]]))


def _short_contigs(qa: dict[str, Any]) -> str | None:
    short = qa.get("short_contigs")
    return f"{short:,} contigs below {SHORTEST_COUNTED} bases" if short else None


def _low_bases(found: dict[str, Any]) -> str | None:
    """The share that the assembly's own reads do not agree on, if they were asked."""
    share = found.get("quality", {}).get("low_share")
    return None if share is None else f"{100 * share:.3f} %"


def _odd_qualities(found: dict[str, Any]) -> str | None:
    """Return how each read set writes its qualities, if one is not as usual."""
    told = found.get("reads", {}).get("qualities", [])
    return "; ".join(told) if set(told) - {"Phred+33"} else None


def _measure(one: dict[str, Any]) -> list[Any]:
    value = "" if one["value"] is None else f"{one['value']:,} {one['unit']}".strip()
    verdict = {True: "passed", False: "FAILED", None: ""}[one["passed"]]
    return [one["measure"], value, one["limit"], verdict]


def _show_typing(out: Console, lookup: dict[str, Any]) -> None:
    results = lookup["results"]
    flaws = {name.capitalize(): list(results[name]) for name in ("new", "missing", "fragmented", "duplicated")
             if results.get(name)}  # fmt: skip
    st = results.get("ST")
    out.print()
    out.print(facts({"Scheme": f"{lookup['scheme']} {results.get('scheme_version', '')}  {lookup['outdated']}".strip(),
                     "ST": f"{st}  {lookup['st_barcode']}" if st is not None else "none"} | flaws))  # fmt: skip
    if len(results["alleles"]) <= 30:
        alleles = results["alleles"] | results.get("published_ids", {})
        columns = [Column(locus, Kind.ID) for locus in alleles]
        out.print(Matrix([Column("Locus"), *columns], [["Allele", *alleles.values()]]))
    else:
        out.print(f"{len(results['alleles']):,} loci")


def _show_tools(out: Console, result: dict[str, Any]) -> None:
    usage = result.get("usage") or {}
    runs = usage.get("tools") if isinstance(usage, dict) else None
    if not runs:
        return
    versions = result.get("tools") or {}
    lines = [[run["name"], versions.get(run["name"], ""), duration(run["wall_s"]), duration(run["cpu_s"]),
              size(run["peak_memory_bytes"])] for run in runs]  # fmt: skip
    out.print()
    out.print(table(_TOOL_COLUMNS, lines))


def _show_inputs(out: Console, result: dict[str, Any]) -> None:
    inputs = result.get("inputs")
    if not isinstance(inputs, dict) or not inputs:
        return
    out.print()
    lines = [[size(one["bytes"]), name, one["sha256"]] for name, one in inputs.items()]
    out.print(table(_INPUT_COLUMNS, lines))
