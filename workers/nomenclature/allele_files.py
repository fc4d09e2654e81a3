"""A scheme's allele files, PubMLST's FASTA, as plain values; every error names file and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

from crobot_errors import BadInput
from workers.fasta import check_letters, read_records
from workers.nomenclature.allele_names import AlleleNames
from workers.nomenclature.blemishes import Blemishes

#: number 0 stands for a missing allele, in profiles
NULL = 0
#: locus, and the number of an allele, or its id that is none
Key = tuple[str, int | str]


def read_alleles(paths: Sequence[Path]) -> Iterator[tuple[str, int | str, str]]:
    """(locus, number, sequence) of every allele in files without blemishes.

    Raises: BadInput.
    """
    return iter(AlleleFiles(paths, Blemishes(strict=True)))


@dataclass(frozen=True)
class AlleleFiles:
    """The alleles of files: (locus, number or id, sequence in upper case), in the files' order.

    The files are read once for what is odd, and again for each iteration: they may be larger than the memory.
    Ambiguity codes are accepted: PubMLST has a few such alleles, which match only the very same letters.

    Raises: BadInput for a name without a number, letters that are no nucleotides, and for an allele that has two
    sequences.
    """

    paths: Sequence[Path]
    blemishes: Blemishes = field(default_factory=Blemishes)
    #: the ids are numbers; else text, often a checksum, and then two ids with one sequence are no blemish
    numbered: bool = True

    def __iter__(self) -> Iterator[tuple[str, int | str, str]]:
        for key, sequence, where in self._records():
            if self.seen.alleles.get(key) == where and key not in self.seen.aliases:
                yield *key, sequence

    @property
    def aliases(self) -> dict[Key, int]:
        """Locus and number of each allele that has a smaller one with the same sequence → the smaller one."""
        return self.seen.aliases

    @cached_property
    def seen(self) -> _Seen:
        """What a first look finds."""
        seen = _Seen(self.blemishes, merge=self.numbered)
        for key, sequence, where in self._records():
            seen.add(key, sequence, where)
        return seen

    def _records(self) -> Iterator[tuple[Key, str, str]]:
        """Locus and id, sequence and place of every record."""
        for path in self.paths:
            names = AlleleNames(path, self.numbered)
            for record in read_records(path):
                where, sequence = f"{path}, line {record.line}", record.sequence.upper()
                locus, allele = names.locus_and_id(record)
                check_letters(sequence, f"{where} ({record.name})")
                yield (locus, int(allele) if self.numbered else allele), sequence, where


@dataclass
class _Seen:
    """Which alleles and sequences came, and where; sequences as digests to save memory."""

    blemishes: Blemishes
    merge: bool
    alleles: dict[Key, str] = field(default_factory=dict)
    aliases: dict[Key, int] = field(default_factory=dict)
    _digests: dict[Key, bytes] = field(default_factory=dict)
    #: locus and sequence → the smallest number
    _smallest: dict[bytes, int] = field(default_factory=dict)

    @property
    def loci(self) -> list[str]:
        """All loci, in the files' order."""
        return list(dict.fromkeys(locus for locus, _ in self.alleles))

    def begins(self, locus: str) -> str:
        """File and line of a locus' first allele."""
        return next(where for (name, _), where in self.alleles.items() if name == locus)

    def add(self, key: Key, sequence: str, where: str) -> None:
        """Take a record into account."""
        name = f"{where}: allele {key[1]} of {key[0]}"
        if not sequence or key[1] == NULL:
            said = "has no sequence" if key[1] != NULL else "is none: 0 stands for a missing allele"
            self.blemishes.add(f"{name} {said}", "it is passed over")
            return
        digest = blake2b(f"{key[0]}\n{sequence}".encode(), digest_size=16).digest()
        earlier = self.alleles.setdefault(key, where)
        if earlier != where:
            self._check_repeated(key, digest, name, earlier)
            return
        self._digests[key] = digest
        if self.merge and isinstance(key[1], int):
            self._merge(key[0], key[1], digest, name)

    def _check_repeated(self, key: Key, digest: bytes, name: str, earlier: str) -> None:
        if digest != self._digests[key]:
            raise BadInput(f"{name} was already given in {earlier}, with another sequence")
        if self.merge:
            self.blemishes.add(f"{name} was already given in {earlier}", "it is taken once")

    def _merge(self, locus: str, number: int, digest: bytes, name: str) -> None:
        """Let the smallest of the numbers of one sequence stand for all."""
        other = self._smallest.setdefault(digest, number)
        if other == number:
            return
        least, alias = sorted((other, number))
        place = self.alleles[locus, other]
        self.blemishes.add(
            f"{name} has the same sequence as allele {other} in {place}", f"{least} is taken for {alias}, too"
        )
        self._smallest[digest] = least
        merged = [key for key, found in self.aliases.items() if key[0] == locus and found == alias]
        self.aliases.update(dict.fromkeys([(locus, alias), *merged], least))
