"""How much memory the species check takes is known before it begins: by the contigs, not only by the bases."""

from __future__ import annotations

from pathlib import Path

from workers.pipelines.assembly_stats import AssemblyStats
from workers.pipelines.base import JobInput

BASES = 4_800_000


def memory(path: Path, contigs: int) -> int:
    path.write_text("".join(f">c{number}\n{'A' * (BASES // contigs)}\n" for number in range(contigs)))
    return AssemblyStats().resources(JobInput(inputs={"assembly": str(path)})).memory_bytes


def test_a_complete_genome_takes_little(tmp_path: Path) -> None:
    assert memory(tmp_path / "complete.fasta", 1) < 450_000_000


def test_a_genome_in_5000_contigs_gets_what_mash_was_seen_to_take(tmp_path: Path) -> None:
    assert 1_273_000_000 < memory(tmp_path / "pieces.fasta", 5000) < 2_000_000_000


def test_a_file_that_the_head_cannot_see_is_taken_for_one_in_pieces(tmp_path: Path) -> None:
    gone = JobInput(inputs={"assembly": str(tmp_path / "gone.fasta")})
    assert AssemblyStats().resources(gone).memory_bytes > 1_500_000_000
