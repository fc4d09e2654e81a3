"""The species check: the share of an assembly's bases in contigs that the species' references contain."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from workers.assembling.assembly import Contig
from workers.attempt import Attempt
from workers.fasta import GZIP_MAGIC
from workers.tools import Tool

MASH = Tool("mash", "mash", ("--version",), "2.0", "mash")
#: a contig belongs to the species if the references contain its k-mers at this identity or above: the usual
#: boundary between species. On mutated Agona it holds for contigs from 400 bp up (4 % changed: 0.954 to 0.971,
#: 6 %: 0.919 to 0.941); a contig of which a third is in the references passes, so accessory genes do no harm
IDENTITY = 0.95

#: of a contig at most: mash's default
HASHES = 1000
_CHUNK = 1 << 20


def most_hashes(assembly: Path, bases: int) -> int:
    """How many hashes the contigs of a file have at most; what is gzipped, or not there, is taken for one in pieces.

    They decide how much memory mash takes.
    """
    try:
        with assembly.open("rb") as file:
            if file.peek(2).startswith(GZIP_MAGIC):
                return bases
            contigs = sum(chunk.count(b">") for chunk in iter(partial(file.read, _CHUNK), b""))
    except OSError:
        return bases
    return min(bases, HASHES * contigs)


def species_share(
    attempt: Attempt, contigs: Sequence[Contig], assembly: Path, references: Sequence[Path]
) -> float | None:
    """Share of bases in contigs of the species, each contig judged by itself; None without references."""
    if not references:
        attempt.log("species not checked: there are no references")
        return None
    sketch, screen = attempt.scratch_dir / "contigs.msh", attempt.scratch_dir / "screen.tsv"
    threads = ["-p", str(attempt.resources.cores)]
    attempt.run_tool(MASH, ["sketch", "-i", *threads, "-o", sketch.with_suffix(""), assembly])
    attempt.run_tool(MASH, ["screen", *threads, sketch, *references], stdout=screen)
    inside = _contained(screen.read_text())
    bases = sum(contig.length for contig in contigs)
    return sum(contig.length for contig in contigs if contig.name in inside) / bases


def _contained(table: str) -> set[str]:
    """Names from mash's table: identity, shared hashes, multiplicity, p-value, query name, comment."""
    rows = (line.split("\t") for line in table.splitlines())
    return {row[4].split()[0] for row in rows if float(row[0]) >= IDENTITY}
