"""PubMLST's table of sequence types as plain values; every error names file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from crobot_errors import BadInput
from workers.fasta import DAMAGED, open_text
from workers.nomenclature.allele_files import NULL, AlleleFiles
from workers.nomenclature.blemishes import Blemishes

#: how tables say that a locus has no allele: any (BIGSdb), missing (cgmlst.org), or nothing
MISSING = frozenset({"N", "?", "-", ""})

Profile = tuple[int, dict[str, Any], dict[str, str]]


def read_profiles(
    path: Path, loci: Sequence[str], alleles: AlleleFiles | None = None, blemishes: Blemishes | None = None
) -> Iterator[Profile]:
    """(sequence type, alleles by locus, the other columns) of every line of a table with tabs.

    Alleles are numbers, 0 for a missing one, or ids as the ``alleles`` have them. Nothing may be wrong unless there
    are ``blemishes`` to note it.

    Raises: BadInput for a missing column, something that is not a number or id, and for a sequence type that comes
    twice with different profiles.
    """
    blemishes = blemishes or Blemishes(strict=True)
    with open_text(path) as text:
        try:
            header = next(text, "").rstrip("\r\n").split("\t")
            table = _Table(path, [name.strip() for name in header], loci, alleles, blemishes)
            for number, line in enumerate(text, 2):
                if line.strip() and (found := table.profile(number, line.rstrip("\r\n").split("\t"))):
                    yield found
        except DAMAGED as error:
            raise BadInput(
                f"{path} cannot be read to its end: it is damaged or not text ({error})"
            ) from error
    if not table.sequence_types:
        raise BadInput(f"{path} has no profiles below its header")
    table.note_incomplete()


class _Row(NamedTuple):
    """What is remembered of a line."""

    st: int
    line: int
    digest: bytes
    #: values of the columns that are neither the sequence type nor a locus
    others: tuple[str, ...]


class _Table:
    """The columns of a profiles table, and the sequence types so far."""

    def __init__(
        self,
        path: Path,
        header: list[str],
        loci: Sequence[str],
        alleles: AlleleFiles | None,
        blemishes: Blemishes,
    ) -> None:
        self.path, self.header, self.loci, self.blemishes = path, header, loci, blemishes
        self.aliases = alleles.aliases if alleles else {}
        self.ids = alleles.seen.alleles if alleles and not alleles.numbered else None
        self.sequence_types: dict[int, _Row] = {}
        self.profiles: dict[bytes, _Row] = {}
        self.incomplete: list[int] = []
        missing = [locus for locus in loci if locus not in header]
        if missing:
            raise BadInput(
                f"{path}, line 1: there is no column for {', '.join(missing)}; it has {', '.join(header)}"
            )
        twice = sorted({name for name in header if header.count(name) > 1})
        if twice:
            raise BadInput(f"{path}, line 1: there are two columns {', '.join(twice)}")
        # cgST, rST, eST: the first column, in schemes of another kind
        self.st_column = "ST" if "ST" in header else header[0]
        if not self.st_column.endswith("ST"):
            raise BadInput(f"{path}, line 1: there is no column ST; it has {', '.join(header)}")
        self.others = [name for name in header if name not in (self.st_column, *loci)]

    def profile(self, line: int, values: list[str]) -> Profile | None:
        """Return what a line says; None if it repeats another."""
        row = dict(zip(self.header, [*values, *[""] * (len(self.header) - len(values))], strict=False))
        if len(values) > len(self.header):
            raise BadInput(
                f"{self.path}, line {line}: {len(values)} columns, the header has {len(self.header)}"
            )
        st = self._number(row, self.st_column, line, least=1)
        alleles = {locus: self._allele(row, locus, line) for locus in self.loci}
        others = {name: row[name].strip() for name in self.others}
        digest = blake2b("\t".join(map(str, alleles.values())).encode(), digest_size=16).digest()
        this = _Row(st, line, digest, tuple(others.values()))
        if self._is_repeated(this):
            return None
        if NULL in alleles.values():
            self.incomplete.append(line)
        self._check_other_st(this, complete=NULL not in alleles.values())
        return st, alleles, others

    def note_incomplete(self) -> None:
        """Tell once how many sequence types no genome can have."""
        if self.incomplete and not self.blemishes.strict:
            self.blemishes.add(
                f"{self.path}: {len(self.incomplete)} profiles lack alleles, first in line {self.incomplete[0]}",
                "no genome gets these sequence types",
            )

    def _allele(self, row: Mapping[str, str], locus: str, line: int) -> int | str:
        value = row[locus].strip()
        if value in MISSING and not self.blemishes.strict:
            return NULL
        if self.ids is None or value == str(NULL):
            number = self._number(row, locus, line, least=NULL)
            return self.aliases.get((locus, number), number)
        if (locus, value) not in self.ids:
            what = f"{self.path}, line {line}: there is no sequence of allele {value!r} of {locus}"
            self.blemishes.add(what, "it is taken for missing")
            return NULL
        return value

    def _number(self, row: Mapping[str, str], column: str, line: int, least: int) -> int:
        value = row[column].strip()
        if not (value.isascii() and value.isdigit()) or int(value) < least:
            raise BadInput(f"{self.path}, line {line}: {value!r} in column {column} is not a number")
        return int(value)

    def _is_repeated(self, this: _Row) -> bool:
        """Tell whether a sequence type came before, with the same profile."""
        earlier = self.sequence_types.setdefault(this.st, this)
        if earlier is this:
            return False
        what = f"{self.path}, line {this.line}: ST {this.st} was already given in line {earlier.line}"
        if earlier.digest != this.digest:
            raise BadInput(f"{what}, with another profile")
        self.blemishes.add(what, "it is taken once")
        return True

    def _check_other_st(self, this: _Row, complete: bool) -> None:
        """Note that two sequence types have one profile; incomplete ones may, if nothing is strict."""
        same = self.profiles.setdefault(this.digest, this)
        if same is this or not (complete or self.blemishes.strict):
            return
        what = f"{self.path}, line {this.line}: ST {this.st} has the same profile as ST {same.st} in line {same.line}"
        loci = [
            name
            for name, one, other in zip(self.others, same.others, this.others, strict=True)
            if one != other and one.isdigit() and other.isdigit()
        ]
        if loci:
            raise BadInput(f"{what} but for {', '.join(loci)}: are these loci without a file of alleles?")
        self.blemishes.add(what, f"genomes that have it get ST {min(this.st, same.st)}")
