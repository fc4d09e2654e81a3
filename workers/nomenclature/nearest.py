"""Places without a known allele, pure: the alleles that are most like them, and how much of the locus is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from heapq import nlargest

from workers.nomenclature.ends import end_of
from workers.nomenclature.places import Hit, Place, Region
from workers.nomenclature.representatives import K, is_coding
from workers.nomenclature.schemes import Locus

#: a new allele is at least this similar to the nearest known one; what is less similar is another gene
MIN_IDENTITY = 0.9
#: less of a locus than this is no trace of it
MIN_COVERAGE = 0.2
#: so many alleles are aligned with a place, those that share the most k-mers with it
MOST_CANDIDATES = 20
#: of every so many k-mers of an allele one is looked up
STEP = 3

_UNKNOWN = re.compile("[^ACGT]")


def candidates(
    places: Iterable[Region], alleles: Iterable[tuple[str, int, str]]
) -> dict[Region, dict[int, str]]:
    """The alleles most like each place: aligning thousands takes seconds a locus."""
    by_locus: dict[str, list[tuple[Region, set[str]]]] = {}
    for region in places:
        by_locus.setdefault(region.locus, []).append((region, _kmers(region.sequence)))
    shared: dict[Region, list[tuple[int, int, str]]] = {}
    for locus, number, sequence in alleles:
        for region, kmers in by_locus.get(locus, ()):
            shared.setdefault(region, []).append((_shared(sequence, kmers), -number, sequence))
    return {
        region: {-number: sequence for _, number, sequence in nlargest(MOST_CANDIDATES, each)}
        for region, each in shared.items()
    }


def _kmers(sequence: str) -> set[str]:
    return {sequence[at : at + K] for at in range(len(sequence) - K + 1)}


def _shared(allele: str, kmers: set[str]) -> int:
    return sum(allele[at : at + K] in kmers for at in range(0, len(allele) - K + 1, STEP))


def nearest_place(region: Region, hits: Iterable[Hit], alleles: Mapping[int, str], locus: Locus) -> Place:
    """What lies in a region that has no known allele, by its alignments with the known ones.

    The ends are those of the nearest allele of ordinary length: one that is truncated or has a tail would
    otherwise pass its odd ends on to all that are similar to it.
    """

    def distance(hit_and_place: tuple[Hit, Place]) -> tuple[bool, bool, int, int]:
        hit, place = hit_and_place
        missing = hit.allele_length - (hit.allele_end - hit.allele_start)
        odd = abs(hit.allele_length - locus.typical_length)
        return (not place.whole, not place.broken, hit.columns - hit.matches + missing + odd, hit.number)

    candidates = [(hit, _aligned_place(region, hit, alleles[hit.number], locus)) for hit in hits]
    return min(candidates, key=distance)[1]


def _aligned_place(region: Region, hit: Hit, allele: str, locus: Locus) -> Place:
    """The place by one alignment, with the ends that BLAST left off."""
    left = end_of(allele[: hit.left][::-1], region.sequence[: hit.start][::-1], len(allele))
    right = end_of(allele[len(allele) - hit.right :], region.sequence[hit.end :], len(allele))
    unknown = len(_UNKNOWN.findall(region.sequence[hit.start : hit.end]))
    # gaps do not count here: a deletion breaks a locus, but does not make it another one
    alike = hit.matches / max(hit.matches + hit.mismatches - unknown, 1) >= MIN_IDENTITY
    if not (left.reached and right.reached):
        covered = (hit.allele_end - hit.allele_start) / hit.allele_length
        identity = hit.matches / max(hit.columns - unknown, 1)
        broken = alike and covered >= MIN_COVERAGE
        return region.place(
            hit.start, hit.end, number=None, identity=identity, coverage=covered, whole=False, broken=broken
        )
    start, end = hit.start - left.length, hit.end + right.length
    sequence = region.sequence[start:end]
    columns = hit.columns + left.columns + right.columns
    identity = (hit.matches + left.matches + right.matches) / columns
    usable = not _UNKNOWN.search(sequence) and (not locus.coding or is_coding(sequence))
    whole = usable and identity >= MIN_IDENTITY
    known = hit.number if sequence == allele else None
    return region.place(
        start, end, number=known, identity=identity, coverage=1.0, whole=whole, broken=alike and not whole
    )
