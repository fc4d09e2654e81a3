"""New alleles that differ from a known one in single letters only, pure: their ends are certain, unaligned."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import ne

from workers.nomenclature.places import Place, Region
from workers.nomenclature.representatives import is_coding
from workers.nomenclature.schemes import Locus

#: so many letters at both ends are those of the known allele
ANCHOR = 15
#: and of all letters this share: what is less alike is aligned
MIN_ALIKE = 0.95

_KNOWN = re.compile("[ACGT]*")


def anchored_places(
    places: Sequence[Region],
    alleles: Callable[[], Iterable[tuple[str, int, str]]],
    loci: Mapping[str, Locus],
) -> dict[Region, Place]:
    """What lies at the places where letter for letter stands beside a known allele of ordinary length.

    Most new alleles are of this kind. Where only one of unusual length fits, or none does, alignments decide.
    ``alleles`` is called twice: where both ends of one stand, another may be the nearest, which differs in its ends.
    """
    by_locus: dict[str, list[Region]] = {}
    for region in places:
        by_locus.setdefault(region.locus, []).append(region)

    def ordinary() -> Iterator[tuple[Region, int, str]]:
        for locus, number, sequence in alleles():
            if locus in by_locus and len(sequence) == loci[locus].typical_length:
                yield from ((region, number, sequence) for region in by_locus[locus])

    starts: dict[Region, set[int]] = {}
    for region, _, sequence in ordinary():
        starts.setdefault(region, set()).update(_anchored(region.sequence, sequence))
    nearest: dict[Region, tuple[int, int, int]] = {}
    for region, number, sequence in ordinary():
        for at in starts[region]:
            differ = sum(map(ne, region.sequence[at : at + len(sequence)], sequence))
            nearest[region] = min((differ, number, at), nearest.get(region, (differ, number, at)))
    placed = ((region, _place(region, loci[region.locus], *best)) for region, best in nearest.items())
    return {region: place for region, place in placed if place}


def _anchored(sequence: str, allele: str) -> Iterator[int]:
    """Where both ends of an allele stand at their distance."""
    first, last, between = allele[:ANCHOR], allele[-ANCHOR:], len(allele) - ANCHOR
    at = sequence.find(first)
    while at >= 0:
        if sequence.startswith(last, at + between):
            yield at
        at = sequence.find(first, at + 1)


def _place(region: Region, locus: Locus, differ: int, number: int, at: int) -> Place | None:
    """The complete locus, or nothing if it is not alike enough, or no longer a gene as the others are."""
    end = at + locus.typical_length
    sequence, identity = region.sequence[at:end], 1 - differ / locus.typical_length
    whole = identity >= MIN_ALIKE and _KNOWN.fullmatch(sequence) and (not locus.coding or is_coding(sequence))
    if not whole:
        return None
    known = None if differ else number
    return region.place(at, end, number=known, identity=identity, coverage=1.0, whole=True, broken=False)
