"""The matrix on disk: alignment of the SNPs, table of sites, pairwise distances; and the alignment read back."""

from __future__ import annotations

import gzip
import io
from collections.abc import Sequence
from pathlib import Path

from crobot_errors import BadInput
from workers.fasta import read_records
from workers.run_lengths import Array
from workers.snp.matrix import Matrix


def write_fasta(path: Path, matrix: Matrix, names: Sequence[str]) -> Path:
    """One sequence a taxon, of the sites that differ; ``names`` are those of the taxa in files, in their order."""
    with path.open("w", encoding="ascii") as file:
        file.writelines(f">{name}\n{matrix.sequence(at)}\n" for at, name in enumerate(names))
    return path


def write_table(path: Path, matrix: Matrix, names: Sequence[str]) -> Path:
    """One line a site: contig, position from 1, and the base of every taxon; gzipped, the same bytes each time."""
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8") as text,
    ):
        constant = ",".join(f"{base}:{count}" for base, count in matrix.constant.items())
        text.write(f"## constant core sites {constant}; masked {matrix.masked}; not core {matrix.not_core}\n")
        text.write("\t".join(("#contig", "position", *names)) + "\n")
        for column, site in enumerate(matrix.sites.tolist()):
            contig, at = matrix.genome.place(site)
            bases = bytes(matrix.bases[:, column]).decode("ascii")
            text.write("\t".join((contig, str(at + 1), *bases)) + "\n")
    return path


def write_distances(path: Path, names: Sequence[str], distances: Array) -> Path:
    """A table with names in the first line and column."""
    lines = ["\t".join(("", *names))]
    lines += ["\t".join((name, *map(str, row))) for name, row in zip(names, distances.tolist(), strict=True)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def read_alignment(path: Path) -> dict[str, str]:
    """Taxa with their sequences, which are equally long; they may be empty.

    Raises: BadInput.
    """
    taxa: dict[str, str] = {}
    for record in read_records(path):
        where = f"{path}, line {record.line}"
        if not record.name or record.name in taxa:
            raise BadInput(f"{where}: the taxon {record.name!r} has no name, or is there twice")
        wrong = set(record.sequence.upper()) - set("ACGTN-")
        if wrong:
            raise BadInput(f"{where}: {''.join(sorted(wrong))[:10]!r} cannot stand in an alignment of SNPs")
        taxa[record.name] = record.sequence.upper()
    if len(set(map(len, taxa.values()))) > 1:
        raise BadInput(f"{path} is no alignment: its sequences are not equally long")
    return taxa
