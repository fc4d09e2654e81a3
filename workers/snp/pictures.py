"""Pictures on demand: matplotlib takes half a second to import, which only those who draw should wait for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any


def draw_distances(*args: Any, svg: Path, png: Path) -> None:
    """Draw a matrix of distances: taxa, distances."""
    import_module("workers.snp.draw_distances").draw_distances(*args, svg, png)


def draw_tree(*args: Any, svg: Path, png: Path) -> None:
    """Draw a tree: with lengths in SNPs, and the taxon to highlight."""
    import_module("workers.snp.draw_tree").draw_tree(*args, svg=svg, png=png)
