"""Allele calling, pure: places of a locus in an assembly → exact, new, missing, fragmented or duplicated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from workers.nomenclature.places import Place
from workers.nomenclature.schemes import Locus

MISSING, FRAGMENTED, DUPLICATED = 0, -1, -2


class Status(StrEnum):
    """What was found of a locus."""

    #: a known allele over its full length
    EXACT = "exact"
    #: the complete locus, with a sequence that has no number yet
    NEW = "new"
    MISSING = "missing"
    #: only a part: at a contig's end, interrupted, with unknown bases, or no longer a coding sequence
    FRAGMENTED = "fragmented"
    #: complete at several places, and not the same everywhere
    DUPLICATED = "duplicated"


_NUMBERS = {
    Status.MISSING: MISSING,
    Status.FRAGMENTED: FRAGMENTED,
    Status.DUPLICATED: DUPLICATED,
    Status.NEW: None,
}


@dataclass(frozen=True)
class Call:
    """The verdict on one locus, with the places that it rests on, the best one first."""

    locus: str
    status: Status
    places: tuple[Place, ...] = ()

    @property
    def allele(self) -> int | None:
        """Its number; None for a new one, 0 for missing, negative for fragmented and duplicated."""
        return self.places[0].number if self.status is Status.EXACT else _NUMBERS[self.status]

    def as_dict(self) -> dict[str, Any]:
        """As it travels in the results; positions count from 1, and the end is included."""
        best = self.places[0] if self.places else None
        return {
            "locus": self.locus,
            "allele": self.allele,
            "status": self.status.value,
            "identity": round(best.identity, 4) if best else None,
            "coverage": round(best.coverage, 4) if best else None,
            "contig": best.contig if best else None,
            "start": best.start + 1 if best else None,
            "end": best.end if best else None,
            "strand": best.strand if best else None,
            "length": best.length if best else None,
            "copies": len(self.places) if best and best.whole else 0,
            "sequence": best.sequence if best and self.status is Status.NEW else None,
        }


def call(locus: Locus, places: Iterable[Place]) -> Call:
    """Judge a locus by all places that look like it.

    The same complete sequence at several places is one allele: its number is certain, and assemblers leave
    such copies at the ends of contigs. Different complete sequences are not: which one counts is unknown.
    """
    ordered = sorted(set(places), key=_rank)
    whole = _apart(place for place in ordered if place.whole)
    if len({place.sequence for place in whole}) > 1:
        return Call(locus.name, Status.DUPLICATED, whole)
    if whole:
        return Call(locus.name, Status.NEW if whole[0].number is None else Status.EXACT, whole)
    broken = tuple(place for place in ordered if place.broken)
    return Call(locus.name, Status.FRAGMENTED if broken else Status.MISSING, broken)


def _apart(places: Iterable[Place]) -> tuple[Place, ...]:
    """Of places that lie on each other only the best one."""
    kept: list[Place] = []
    for place in places:
        if not any(place.lies_on(other) for other in kept):
            kept.append(place)
    return tuple(kept)


def _rank(place: Place) -> tuple[Any, ...]:
    """Best first; the position makes the order certain."""
    return (place.number is None, -place.coverage, -place.identity, place.contig, place.start, place.strand)


def results(scheme: str, version: str, calls: Sequence[Call]) -> dict[str, Any]:
    """The results of a nomenclature job; complete means that every locus has an allele, known or new."""
    return {
        "scheme": scheme,
        "scheme_version": version,
        "alleles": {each.locus: each.allele for each in calls},
        "calls": [each.as_dict() for each in calls],
        "complete": all(each.status in (Status.EXACT, Status.NEW) for each in calls),
    }
