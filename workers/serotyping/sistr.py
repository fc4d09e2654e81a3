"""SISTR: a Salmonella assembly → its serovar, by antigen genes and 330 loci of cgMLST."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workers.assembling.prepared import Prepared
from workers.attempt import Attempt
from workers.serotyping.serotype import Check, Serotype
from workers.tools import Tool

SISTR = Tool("sistr", "sistr", ("--version",), "1.1.1", "", "serotyping")
MAFFT = Tool("mafft", "mafft", ("--version",), "7.0", "mafft")
#: what SISTR writes where it found nothing
NOTHING = ("", "-", "-:-:-", None)


def serotype(attempt: Attempt, assembly: Prepared) -> Serotype:
    """Run SISTR, and say what it says.

    Raises: AttemptError.
    """
    report, scratch = attempt.scratch_dir / "sistr.json", attempt.scratch_dir / "sistr"
    scratch.mkdir()
    threads = str(attempt.resources.cores)
    options: list[str | Path] = ["--qc", "-t", threads, "-T", scratch, "-f", "json", "-o", report]
    attempt.run_tool(SISTR, [*options, "-i", assembly.path, "assembly"])
    (found,) = json.loads(report.read_text(encoding="utf-8"))
    return read(found, f"SISTR {attempt.versions[SISTR.name]}")


def read(found: dict[str, Any], method: str) -> Serotype:
    """SISTR's result in our words; what fails its QC is no serovar."""
    messages = [each.strip() for each in (found.get("qc_messages") or "").split(" | ")]
    qc = Check.of([each for each in messages if each and not each.startswith("INFO")])
    value = {name: None if found.get(name) in NOTHING else found[name] for name in _NAMES}
    return Serotype(
        method=method,
        serovar=None if qc.status == "FAIL" else value["serovar"],
        serogroup=value["serogroup"],
        O=value["o_antigen"],
        H1=value["h1"],
        H2=value["h2"],
        qc=qc,
        cgmlst_match=None if qc.status == "FAIL" else _cgmlst(found),
    )


_NAMES = ("serovar", "serogroup", "o_antigen", "h1", "h2")


def _cgmlst(found: dict[str, Any]) -> dict[str, Any]:
    distance = found.get("cgmlst_distance")
    return {
        "genome": found.get("cgmlst_genome_match"),
        "serovar": found.get("serovar_cgmlst"),
        "subspecies": found.get("cgmlst_subspecies"),
        "distance": None if distance is None else round(distance, 4),
        "loci_found": found.get("cgmlst_found_loci"),
        "loci_matching": found.get("cgmlst_matching_alleles"),
        "ST": found.get("cgmlst_ST"),
    }
