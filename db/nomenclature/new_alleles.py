"""The alleles of a release that are new, and what those that are known become by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crobot_errors import BadInput
from db.nomenclature.adopting import adopt_allele
from db.nomenclature.checking import check_allele
from db.nomenclature.store import LOCAL_OFFSET, next_local, sequence_digest
from db.species import Allele, Locus, Scheme

#: locus and id as published → the number that the allele has here, where the two differ
Given = dict[tuple[str, int | str], int]
#: what is odd, and how it is taken
Blemish = Callable[[str, str], None]


def refuse(what: str, _taken: str) -> None:
    """Let nothing be odd.

    Raises:
        BadInput: always.
    """
    raise BadInput(what)


class NewAlleles:
    """Compares a release with what is stored; only under the lock.

    What is called by a number keeps it. What is called otherwise gets a number here, and its id is stored beside it.
    """

    def __init__(self, session: Session, scheme: Scheme, loci: Mapping[str, Locus], blemish: Blemish) -> None:
        self.session, self.scheme, self.loci, self.blemish = session, scheme, loci, blemish
        self.given: Given = {}
        self._numbers: dict[tuple[int, bytes], int] = {}
        self._digests: dict[tuple[int, int | str], bytes] = {}
        columns = select(Allele.locus_id, Allele.number, Allele.published_id, Allele.sha256)
        ids = [locus.id for locus in loci.values()]
        for locus_id, number, published, digest in session.execute(columns.where(Allele.locus_id.in_(ids))):
            self._note(locus_id, number, bytes(digest), published)

    def rows(self, alleles: Iterable[tuple[str, int | str, str]]) -> Iterator[dict[str, Any]]:
        """Return the rows of the alleles that are new.

        Raises:
            BadInput: one contradicts what is stored, or cannot be.
        """
        for name, published, sequence in alleles:
            check_allele(name, published, sequence, self.loci)
            locus, digest = self.loci[name], sequence_digest(sequence)
            self._check_meaning(locus, published, digest)
            other = self._numbers.get((locus.id, digest))
            if isinstance(published, str):
                number = self._named(locus, published, other)
            else:
                number = self._numbered(locus, published, other)
            if other is None:
                yield self._row(locus, number, published, digest, sequence)
            self._note(locus.id, number, digest, published)

    def _named(self, locus: Locus, published: str, other: int | None) -> int:
        """Return the number of an allele whose id is none; one that was found here before gets the id."""
        number = next_local(locus) if other is None else other
        self.given[locus.name, published] = number
        if other is not None and (locus.id, published) not in self._digests:
            nameless = (
                Allele.locus_id == locus.id,
                Allele.number == other,
                Allele.published_id.is_(None),
            )
            self.session.execute(update(Allele).where(*nameless).values(published_id=published))
        return number

    def _numbered(self, locus: Locus, published: int, other: int | None) -> int:
        """Return the published number; it takes the place of one that was given here."""
        if other is not None and other > LOCAL_OFFSET:
            adopt_allele(self.session, self.scheme, locus, other, published)
        elif other is not None and other != published:
            same = f"alleles {other} and {published} of {locus.name} have the same sequence"
            self.blemish(same, f"{other}, which was there before, is taken for {published}, too")
            self.given[locus.name, published] = other
            return other
        return published

    def _check_meaning(self, locus: Locus, published: int | str, digest: bytes) -> None:
        known = self._digests.get((locus.id, published))
        if known is not None and known != digest:
            raise BadInput(
                f"allele {published} of {locus.name} has another sequence than before: a number keeps its meaning"
            )

    def _note(self, locus_id: int, number: int, digest: bytes, published: int | str | None) -> None:
        self._numbers[locus_id, digest] = number
        for name in (number, published):
            if name is not None:
                self._digests[locus_id, name] = digest

    def _row(
        self, locus: Locus, number: int, published: int | str, digest: bytes, sequence: str
    ) -> dict[str, Any]:
        return {
            "locus_id": locus.id,
            "number": number,
            "published_id": published if isinstance(published, str) else None,
            "sha256": digest,
            "sequence": sequence.upper(),
            "release": self.scheme.release + 1,
        }
