"""One table of many assemblies with the real BLAST and the real picture: what is where, and what cannot be searched."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from crobot_errors import AttemptError, BadInput, BadPath, NodeBroken
from tests.running import run_pipeline
from workers.contigs import fasta_text
from workers.fasta import reverse_complement

BASES = Random(7)
MEC, OTHER = ("".join(BASES.choices("ACGT", k=length)) for length in (900, 600))


def spaced(*parts: str) -> str:
    """The parts with other letters around them."""
    beside = ["".join(BASES.choices("ACGT", k=400)) for _ in range(len(parts) + 1)]
    return beside[0] + "".join(part + after for part, after in zip(parts, beside[1:], strict=True))


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """An assembly for each way in which a sequence can be there, and a table of their strains."""
    one_letter = MEC[:450] + ("A" if MEC[450] != "A" else "C") + MEC[451:]
    ring = MEC[500:] + spaced(OTHER) + MEC[:500]
    contigs = {
        "same": fasta_text({"c1": spaced(MEC), "c2": spaced(reverse_complement(MEC))}),
        "letter": fasta_text({"c": spaced(one_letter)}),
        "part": fasta_text({"c": spaced(MEC[:600], OTHER)}),
        "none": fasta_text({"c": spaced("ACGT" * 100)}),
        "ring": fasta_text({"plasmid": ring}, {"plasmid"}),
        "line": fasta_text({"plasmid": ring}),
        "broken": ">c\nACGTMKL!\n",
    }
    found = {}
    for name, text in contigs.items():
        path = tmp_path / f"{name}.fasta"
        path.write_text(text)
        found[name] = str(path)
    found["gone"] = str(tmp_path / "gone.fasta")
    query, strains = tmp_path / "query.fasta", tmp_path / "strains.tsv"
    query.write_text(f">mecA\n{MEC}\n>other $x\n{OTHER}\n")
    strains.write_text("same\tBerlin 1/26\nletter\tBerlin $2/26\n")
    return {"query": str(query), "strains": str(strains)} | found


def run(folder: Path, files: dict[str, str], **params: Any) -> dict[str, Any]:
    return run_pipeline("locus_table", folder, files, params, checked=True)


def lines(report: dict[str, Any], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(report["outputs"][name]).read_text().splitlines(), delimiter="\t"))


def test_each_assembly_has_a_line_with_what_is_there(tmp_path: Path, files: dict[str, str]) -> None:
    report = run(tmp_path, files)
    rows = lines(report, "table")
    found = {row["barcode"]: (row["mecA"], row["other"]) for row in rows}
    assert found == {
        "same": ("identical", "absent"),
        "letter": ("whole", "absent"),
        "part": ("part", "identical"),
        "none": ("absent", "absent"),
        # read around, it has the sequence in one piece; as a line it has two parts, of which one is enough for a hit
        "ring": ("identical", "identical"),
        "line": ("part", "identical"),
        "broken": ("unknown", "unknown"),
        "gone": ("unknown", "unknown"),
    }
    assert [row["strain"] for row in rows[:3]] == ["Berlin 1/26", "Berlin $2/26", "part"]
    reasons = {row["barcode"]: row["not_searched"] for row in rows if row["not_searched"]}
    assert reasons.keys() == {"broken", "gone"}
    assert "is no nucleotide" in reasons["broken"]
    assert "gone.fasta is not there any more" in reasons["gone"]


def test_the_report_has_counts_and_the_files_have_every_hit(tmp_path: Path, files: dict[str, str]) -> None:
    report = run(tmp_path, files)
    results = report["results"]
    assert (results["searched"], results["not_searched"]) == (6, 2)
    mec = results["queries"][0]
    assert {word: mec[word] for word in ("present", "identical", "whole", "part", "absent", "unknown")} == {
        "present": 5, "identical": 2, "whole": 1, "part": 2, "absent": 1, "unknown": 2}  # fmt: skip
    assert results["rows"][0] == {"barcode": "same", "strain": "Berlin 1/26", "states": "i-"}
    document = json.loads(Path(report["outputs"]["json"]).read_text())
    same, *_, gone = document["assemblies"]
    assert (same["found"]["mecA"]["hits"], same["found"]["mecA"]["identity"]) == (2, 1.0)
    assert (gone["found"], "not there" in gone["not_searched"]) == ({}, True)
    (ring,) = (one["found"]["mecA"] for one in document["assemblies"] if one["barcode"] == "ring")
    assert (ring["hits"], ring["end"] - ring["start"]) == (1, 899)
    assert [hit["strand"] for hit in lines(report, "hits") if hit["barcode"] == "same"] == ["+", "-"]
    picture = Path(report["outputs"]["svg"]).read_text()
    assert "Berlin $2/26" in picture
    assert "mecA (5)" in picture
    assert Path(report["outputs"]["png"]).read_bytes().startswith(b"\x89PNG")


def test_limits_decide_what_is_present(tmp_path: Path, files: dict[str, str]) -> None:
    chosen = {name: files[name] for name in ("query", "letter", "part", "line")}
    strict = run(tmp_path, chosen, min_identity=100, min_coverage=70)["results"]
    assert [row["states"][0] for row in strict["rows"]] == ["-", "-", "-"]
    loose = run(tmp_path, chosen, min_coverage=20)["results"]
    assert [row["states"][0] for row in loose["rows"]] == ["w", "p", "p"]


def test_a_table_without_any_assembly_fails_with_the_reason(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(AttemptError, match=r"none of the assemblies can be searched: .*is no nucleotide"):
        run(tmp_path, {name: files[name] for name in ("query", "broken", "gone")})


def test_a_folder_that_is_not_mounted_is_no_reason_to_call_assemblies_gone(
    tmp_path: Path, files: dict[str, str]
) -> None:
    unmounted = tmp_path / "mount"
    unmounted.mkdir()
    inputs = {"query": files["query"], "same": files["same"], "away": str(unmounted / "away.fasta")}
    with pytest.raises(NodeBroken, match="is its storage not mounted"):
        run_pipeline("locus_table", tmp_path, inputs, {}, roots=(unmounted,))


def test_what_cannot_be_searched_is_refused_by_the_head(tmp_path: Path, files: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="1 to 5,000 assemblies, not 0"):
        run(tmp_path, {"query": files["query"]})
    with pytest.raises(BadPath, match="outside the directories"):
        run(tmp_path, {"query": files["query"], "same": "/etc/passwd"})
    with pytest.raises(BadInput, match="min_identity is 101"):
        run(tmp_path, {name: files[name] for name in ("query", "same")}, min_identity=101)
