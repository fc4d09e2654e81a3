"""A locus search with the real BLAST: what is a hit by itself, and what only if it is asked for."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.running import run_pipeline

BASES = Random(5)
GENE = "".join(BASES.choices("ACGT", k=900))


def unlike(share: float) -> str:
    """A homologue of the gene, of which this share of the letters is another one."""
    places = set(BASES.sample(range(len(GENE)), round(share * len(GENE))))
    turned = GENE.translate(str.maketrans("ACGT", "CGTA"))
    return "".join(turned[at] if at in places else letter for at, letter in enumerate(GENE))


CONTIGS = {
    "same": GENE,
    "alike": unlike(0.05),
    "homologue": unlike(0.24),
    "most": GENE[:600],
    "part": GENE[:300],
}


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """A contig for each of them, with other letters on both sides."""
    path = tmp_path / "assembly.fasta"
    beside = ["".join(BASES.choices("ACGT", k=500)) for _ in range(2 * len(CONTIGS))]
    path.write_text(
        "".join(
            f">{name}\n{beside[2 * at]}{bases}{beside[2 * at + 1]}\n"
            for at, (name, bases) in enumerate(CONTIGS.items())
        )
    )
    return path


def found(assembly: Path, folder: Path, **limits: float) -> list[dict[str, Any]]:
    query = folder / "query.fasta"
    query.write_text(f">gene\n{GENE}\n")
    files = {"assembly": str(assembly), "query": str(query)}
    report = run_pipeline("nomenclature", folder, files, {"mode": "locus_search", **limits}, checked=True)
    hits: list[dict[str, Any]] = report["results"]["hits"]
    return hits


def test_neither_a_homologue_nor_a_small_part_is_a_hit(assembly: Path, tmp_path: Path) -> None:
    assert {hit["contig"] for hit in found(assembly, tmp_path)} == {"same", "alike", "most"}


def test_what_is_less_alike_is_a_hit_if_it_is_asked_for(assembly: Path, tmp_path: Path) -> None:
    hits = found(assembly, tmp_path, min_identity=70, min_coverage=30)
    assert {hit["contig"] for hit in hits} == set(CONTIGS)
    (homologue,) = (hit for hit in hits if hit["contig"] == "homologue")
    assert homologue["identity"] == pytest.approx(0.76, abs=0.02)


@pytest.mark.parametrize(("header", "places"), [("ring circular=true", [(1301, 2200)]), ("line", [(1, 500)])])
def test_a_sequence_across_the_opening_of_a_circle_is_one_hit(
    tmp_path: Path, header: str, places: list[tuple[int, int]]
) -> None:
    path = tmp_path / "opened.fasta"
    path.write_text(f">{header}\n{GENE[400:]}{''.join(BASES.choices('ACGT', k=800))}{GENE[:400]}\n")
    hits = found(path, tmp_path)
    assert [(hit["start"], hit["end"]) for hit in hits] == places
    assert (hits[0]["identity"], hits[0]["coverage"]) == (1.0, 1.0 if header != "line" else 0.5555)
