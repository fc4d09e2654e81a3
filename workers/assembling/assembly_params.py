"""The parameters of an assembly job, checked: the edge at which wrong ones are refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from crobot_errors import BadInput
from workers.assembling.assemblers import ASSEMBLERS, DEFAULT, Assembler
from workers.assembling.limits import thresholds_of
from workers.assembling.qa import Thresholds
from workers.storage import checked_file

PREFIX = re.compile(r"[A-Za-z0-9_]{1,64}")
KMERS = range(15, 128, 2)
#: from the smallest bacterial genomes to the largest
GENOME_BASES = range(100_000, 20_000_001)


@dataclass(frozen=True)
class AssemblyParams:
    """What can be chosen of an assembly; the names are those of the job's parameters."""

    #: the assembly's barcode, with which contig names begin
    prefix: str
    genus: str
    #: of the QA, if the species has limits of its own: as `limits.as_dict` has them
    limits: dict[str, Any] | None = None
    #: FASTA files of the species; without any, the species is not checked
    references: tuple[str, ...] = ()
    assembler: str = DEFAULT
    min_contig: int = 300
    #: expected bases, for the cap of the depth; 0: the middle of the limits
    genome_size: int = 0
    #: k-mer lengths; none: the assembler's own choice
    kmers: tuple[int, ...] = ()
    cores: int = 2
    #: whether the reads are mapped back for a quality of each base
    quality: bool = True

    @property
    def tool(self) -> Assembler:
        """The assembler."""
        return ASSEMBLERS[self.assembler]

    @property
    def thresholds(self) -> Thresholds:
        """The species' limits, or the genus'."""
        return thresholds_of(vars(self))

    @property
    def genome_bases(self) -> int:
        """Expected size of the genome."""
        return self.genome_size or self.thresholds.expected_bases


NAMES = tuple(field.name for field in fields(AssemblyParams))


def checked_params(params: dict[str, Any]) -> AssemblyParams:
    """Parameters whose values are possible; files are checked by ``check_references``.

    Raises: BadInput naming the parameter, its value and what it may be.
    """
    for name in params:
        if name not in NAMES:
            raise BadInput(f"QAssembly has no parameter {name!r}; it has {', '.join(NAMES)}")
    for name in ("prefix", "genus"):
        if not isinstance(params.get(name), str):
            raise BadInput(f"QAssembly needs the parameter {name!r} as text, not {params.get(name)!r}")
    lists: dict[str, Any] = {
        name: _checked_list(name, params[name]) for name in ("references", "kmers") if name in params
    }
    checked: dict[str, Any] = params | lists
    made = AssemblyParams(**checked)
    _check_names(made)
    _check_number("min_contig", made.min_contig, range(1, 1_000_001))
    _check_number("cores", made.cores, range(1, 1025))
    if not isinstance(made.quality, bool):
        raise BadInput(f"QAssembly's quality is {made.quality!r}: it must be true or false")
    if made.genome_size != 0:
        _check_number("genome_size", made.genome_size, GENOME_BASES)
    _check_kmers(made)
    return made


def check_references(params: AssemblyParams, roots: Sequence[Path]) -> None:
    """Check that the reference genomes are there and look like FASTA.

    Raises: BadPath, BadInput.
    """
    for text in params.references:
        with checked_file(text, roots).open("rb") as file:
            if file.read(1) != b">":
                raise BadInput(f"the reference {text!r} is not FASTA: it does not begin with '>'")


def _checked_list(name: str, value: Any) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise BadInput(f"QAssembly's {name} must be a list, not {value!r}")
    return tuple(value)


def _check_names(params: AssemblyParams) -> None:
    if not PREFIX.fullmatch(params.prefix):
        raise BadInput(
            f"the prefix {params.prefix!r} is not a barcode: only letters, digits and _ can be in it"
        )
    thresholds_of(vars(params))
    if not isinstance(params.assembler, str) or params.assembler not in ASSEMBLERS:
        raise BadInput(f"there is no assembler {params.assembler!r}; known are {', '.join(ASSEMBLERS)}")


def _check_number(name: str, value: Any, allowed: range) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value not in allowed:
        raise BadInput(
            f"QAssembly's {name} is {value!r}: it must be a whole number, {allowed[0]} to {allowed[-1]}"
        )


def _check_kmers(params: AssemblyParams) -> None:
    if params.kmers and not params.tool.takes_kmers:
        raise BadInput(f"{params.assembler} chooses its k-mers itself: leave kmers out")
    for kmer in params.kmers:
        if isinstance(kmer, bool) or not isinstance(kmer, int) or kmer not in KMERS:
            raise BadInput(f"QAssembly's kmers hold {kmer!r}: they must be odd, {KMERS[0]} to {KMERS[-1]}")
    if list(params.kmers) != sorted(set(params.kmers)):
        raise BadInput(f"QAssembly's kmers {list(params.kmers)} must rise")
