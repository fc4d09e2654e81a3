"""Where a call is trusted: the limits of SNP mapping, with what they were measured on in docs/science.md."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Lengths in bases."""

    #: an insertion or deletion of so many and more is no slip, but something else in its place: there is an end
    long_gap: int = 50
    #: windows of the reference in which less is alike, a gap counted as one difference, are not homologous for sure
    window: int = 200
    min_identity: float = 0.90
    #: of an alignment
    min_length: int = 500
    #: of a piece of an alignment between two ends within it
    min_piece: int = 200
    min_quality: int = 30
    #: so much at the ends of an alignment, and of its pieces, is not trusted
    end: int = 60
    #: the same, where the alignment ends because the reference's contig does
    reference_end: int = 5
    #: as `end`, within repeats: as long as a read, since depth tells nothing there
    repeat_end: int = 300
    #: on both sides of an insertion or deletion
    near_gap: int = 10
    #: so many substitutions within so many bases are no point mutations
    crowd: int = 5
    crowd_window: int = 25
