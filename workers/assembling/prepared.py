"""An assembly as tools get it: a copy in scratch that none of them stumbles over."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from crobot_errors import BadInput, UnusableAssembly
from workers.assembling.assembly import Contig
from workers.attempt import Attempt
from workers.contigs import fasta_text, read_assembly


@dataclass(frozen=True)
class Prepared:
    """An assembly as tools get it: contigs in upper case under the names 1, 2, 3 …"""

    path: Path
    contigs: tuple[Contig, ...]
    #: the names in the file that was sent
    names: tuple[str, ...]

    def name_of(self, number: str) -> str:
        """The contig's own name, by its number in the tools' output."""
        return self.names[int(number) - 1]


def prepare(attempt: Attempt, text: str) -> Prepared:
    """Read an assembly in full and write it into scratch under names that no tool mistakes.

    Raises: UnusableAssembly in one line.
    """
    try:
        found = read_assembly(attempt.input_file(text))
    except BadInput as error:
        raise UnusableAssembly(str(error)) from error
    numbered = {str(number): sequence for number, sequence in enumerate(found.values(), 1)}
    path = attempt.scratch_dir / "assembly.fasta"
    path.write_text(fasta_text(numbered), encoding="ascii")
    attempt.log(f"assembly: {len(found)} contigs, {sum(map(len, found.values()))} bp")
    contigs = tuple(Contig(name, sequence) for name, sequence in numbered.items())
    return Prepared(path, contigs, tuple(found))
