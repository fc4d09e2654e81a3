"""Prokka: how it is called, the proteins that it compares with, and its GFF under the assembly's own names."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from crobot_errors import NodeBroken, UnusableAssembly
from workers.attempt import Attempt
from workers.tools import Tool

PROKKA = Tool("prokka", "prokka", ("--version",), "1.14", "prokka")
BARRNAP = Tool("barrnap", "barrnap", ("--version",), "0.9", "barrnap")
MAKEBLASTDB = Tool("makeblastdb", "makeblastdb", ("-version",), "2.6", "ncbi-blast+")
#: where Debian's script get-additional-data puts prokka's full databases, if PROKKA_DBDIR names this folder
FULL = Path("/var/lib/prokka/db")
#: Debian itself may only ship these, since Swiss-Prot's terms are not free enough for it: proteins of a few genera
SHIPPED = Path("/usr/share/prokka/db/genus")
#: those of this genus stand for Swiss-Prot
USUAL = "Escherichia"
INDEXED = Path("kingdom", "Bacteria", "sprot")
GENERA = Path("genus")
#: features that are counted, and what they may be called
COUNTED = ("CDS", "rRNA", "tRNA", "tmRNA")
#: letters that GFF allows in the name of a sequence
GFF_NAME = ".:^*$@!+_?-|"
LOCUS_TAG = re.compile(r"_AS$|[^A-Za-z0-9]")


def locus_tag(prefix: str) -> str:
    """A locus tag as GenBank takes it, 3 to 12 letters and digits: SAL_AA0001AA_AS → SALAA0001AA."""
    return (LOCUS_TAG.sub("", prefix) or "LOCUS")[:12].ljust(3, "X")


@dataclass(frozen=True)
class Organism:
    """What a genome is of, as its GenBank file says; empty where it is not known."""

    genus: str = ""
    #: without the genus: enterica, or aureus subsp. aureus
    species: str = ""
    strain: str = ""

    def options(self) -> list[str]:
        """How prokka is told; what is not known is left out, for prokka would write its own word for it."""
        said = vars(self).items()
        return [word for name, value in said for word in ([f"--{name}", value] if value else [])]


def annotate(attempt: Attempt, assembly: Path, tag: str, organism: Organism) -> tuple[Path, str]:
    """Run prokka; return its folder of files named by the tag, and what proteins it compared with.

    Raises: AttemptError; UnusableAssembly if it holds no gene.
    """
    database, proteins, has_genus = _database(attempt, organism.genus)
    folder = attempt.scratch_dir / "prokka"
    named = ["--prefix", tag, "--locustag", tag, *organism.options(), *(["--usegenus"] if has_genus else [])]
    limits: list[str | Path] = ["--cpus", str(attempt.resources.cores), "--force", "--dbdir", database]
    attempt.run_tool(PROKKA, ["--outdir", folder, *named, *limits, assembly])
    if not (folder / f"{tag}.gbk").is_file():
        raise UnusableAssembly("prokka found no gene: is this a bacterial genome?")
    return folder, proteins


def _database(attempt: Attempt, genus: str) -> tuple[Path, str, bool]:
    """The folder of prokka's databases, what it has, and whether proteins of the genus are among it.

    The full databases if they are here, else what Debian ships.
    """
    if FULL.joinpath(INDEXED).with_suffix(".pin").is_file():
        has_genus = bool(genus) and FULL.joinpath(GENERA, f"{genus}.pin").is_file()
        return FULL, _named(["Swiss-Prot", "HAMAP"], genus if has_genus else "", "prokka's"), has_genus
    usual = SHIPPED / USUAL
    if not usual.is_file():
        raise NodeBroken(f"prokka has no proteins to compare with: neither {FULL / INDEXED} nor {usual}")
    folder = attempt.scratch_dir / "prokka-db"
    _index(attempt, usual, folder / INDEXED)
    has_genus = genus != USUAL and genus.isalpha() and (SHIPPED / genus).is_file()
    if has_genus:
        _index(attempt, SHIPPED / genus, folder / GENERA / genus)
    return folder, _named([USUAL], genus if has_genus else "", "Debian's"), has_genus


def _named(usual: list[str], genus: str, whose: str) -> str:
    return f"{whose} proteins for prokka: {', '.join([*filter(None, [genus]), *usual])}"


def _index(attempt: Attempt, proteins: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    shutil.copyfile(proteins, target)
    attempt.run_tool(MAKEBLASTDB, ["-hash_index", "-dbtype", "prot", "-in", target, "-logfile", "/dev/null"])


def rename(source: Path, target: Path, names: Sequence[str]) -> dict[str, int]:
    """Write prokka's GFF under the contigs' own names instead of their numbers; return how many of each feature."""
    counts = dict.fromkeys(COUNTED, 0)
    with source.open(encoding="ascii") as lines, target.open("w", encoding="ascii") as out:
        for line in lines:
            number, _, rest = line.partition("\t")
            if rest and not line.startswith("#"):
                feature = rest.split("\t")[1]
                counts[feature] = counts.get(feature, 0) + 1
                out.write(f"{_name(number, names)}\t{rest}")
            elif line.startswith("##sequence-region "):
                words = line.split()
                out.write(" ".join([words[0], _name(words[1], names), *words[2:]]) + "\n")
            elif line.startswith(">"):
                out.write(f">{_name(line[1:].strip(), names)}\n")
            else:
                out.write(line)
    return counts


def _name(number: str, names: Sequence[str]) -> str:
    return quote(names[int(number) - 1], safe=GFF_NAME)
