"""Circular replicons, pure: a locus may lie across the point where the circle was opened."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from workers.nomenclature.places import SLACK, Place


def read_around(contigs: Mapping[str, str], circular: Collection[str], longest: int) -> dict[str, str]:
    """The contigs; those that are circular go on with their begin, so far that the longest locus is in one piece."""
    reach = longest + 2 * SLACK
    return {
        name: sequence + sequence[:reach] if name in circular else sequence
        for name, sequence in contigs.items()
    }


def once(places: Iterable[Place], contigs: Mapping[str, str]) -> list[Place]:
    """Without the places that begin in what was read a second time: they lie at the begin of the circle, too.

    The end of a place across the opening lies beyond the contig's length, as in GFF3.
    """
    return [place for place in places if place.start < len(contigs[place.contig])]
