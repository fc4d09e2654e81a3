"""Genomes with planted SNPs and islands: a reference, changed at known places, so that each call can be judged."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

#: distances of planted SNPs from the ends of islands
BESIDE = (1, 3, 6, 12, 25, 45, 70, 100, 150, 200)


class Kind(StrEnum):
    """What happens to a stretch of the reference."""

    #: foreign bases are put in
    INSERTED = "inserted"
    DELETED = "deleted"
    #: foreign bases in the place of the reference's
    REPLACED = "replaced"
    #: homologous, with substitutions and small gaps, as what comes from a relative
    DIVERGED = "diverged"
    #: a copy of another stretch is put in
    COPIED = "copied"


@dataclass(frozen=True)
class Island:
    """``bases`` of the reference; ``size`` in the planted genome; ``differing`` share of bases if it is homologous."""

    kind: Kind
    bases: int
    size: int = 0
    differing: float = 0.0


@dataclass
class Planted:
    """A genome, and the base that it has instead of the reference's; positions from 0."""

    sequence: str
    #: SNPs outside of islands
    snps: dict[int, str]
    #: substitutions within homologous islands
    within: dict[int, str] = field(default_factory=dict)

    def false(self, called: Mapping[int, str]) -> list[int]:
        """Called SNPs that the genome does not have."""
        return sorted(
            at for at, base in called.items() if base not in (self.snps.get(at), self.within.get(at))
        )

    def found(self, called: Mapping[int, str]) -> int:
        """SNPs outside of islands that are called."""
        return sum(called.get(at) == base for at, base in self.snps.items())


def plant(reference: str, foreign: str, islands: Sequence[Island], snps: int, seed: int) -> Planted:
    """Spread islands evenly, in random order, and SNPs anywhere and beside the islands."""
    chance = random.Random(seed)
    order = chance.sample(list(islands), len(islands))
    step = len(reference) // (len(order) + 1)
    starts = [step * at + chance.randrange(step // 4) for at in range(1, len(order) + 1)]
    ends = [start + island.bases for start, island in zip(starts, order, strict=True)]
    chosen = chance.sample(range(len(reference)), snps)
    chosen += [
        place for start in starts for far in BESIDE for place in [start - far] if chance.random() < 0.5
    ]
    chosen += [place for end in ends for far in BESIDE for place in [end + far] if chance.random() < 0.5]
    outside = [
        at
        for at in sorted({*chosen})
        if not any(start <= at < end for start, end in zip(starts, ends, strict=True))
    ]
    letters = list(reference)
    planted = Planted("", {at: _other(letters[at], chance) for at in outside if 0 <= at < len(letters)})
    for at, base in planted.snps.items():
        letters[at] = base
    parts, here = [], 0
    for start, end, island in zip(starts, ends, order, strict=True):
        parts += ["".join(letters[here:start]), _island(island, reference, foreign, start, planted, chance)]
        here = end
    planted.sequence = "".join([*parts, *letters[here:]])
    return planted


def _other(letter: str, chance: random.Random) -> str:
    return chance.choice([base for base in "ACGT" if base != letter])


def _island(
    island: Island, reference: str, foreign: str, start: int, planted: Planted, chance: random.Random
) -> str:
    if island.kind is Kind.DELETED:
        return ""
    if island.kind is Kind.DIVERGED:
        return _diverged(reference, start, start + island.bases, island.differing, planted, chance)
    source = reference if island.kind is Kind.COPIED else foreign
    at = chance.randrange(len(source) - island.size)
    copied = source[at : at + island.size]
    return "".join(_other(one, chance) if chance.random() < island.differing else one for one in copied)


def _diverged(
    reference: str, start: int, end: int, differing: float, planted: Planted, chance: random.Random
) -> str:
    """Nine substitutions for each gap; gaps are short."""
    found, at = [], start
    while at < end:
        if chance.random() >= differing:
            found.append(reference[at])
        elif chance.random() < 0.9:
            planted.within[at] = _other(reference[at], chance)
            found.append(planted.within[at])
        elif chance.random() < 0.5:
            found += [*chance.choices("ACGT", k=3), reference[at]]
        else:
            at += min(2, end - at - 1)
        at += 1
    return "".join(found)


#: what makes genomes of one species differ, of all sizes
ISLANDS = (
    *(Island(kind, size * (kind is Kind.DELETED), size) for size in (30, 60, 100, 300, 1_000, 3_000, 10_000)
      for kind in (Kind.INSERTED, Kind.DELETED)),
    # prophages
    *(Island(Kind.INSERTED, 0, 40_000),) * 2,
    *(Island(Kind.REPLACED, here, there)
      for here, there in ((200, 260), (500, 500), (1_000, 3_000), (8_000, 5_000), (20_000, 15_000))),
    *(Island(Kind.DIVERGED, size, 0, differing)
      for size in (1_000, 5_000) for differing in (0.03, 0.06, 0.10, 0.15, 0.20, 0.30)),
    *(Island(Kind.COPIED, 0, size, differing)
      for size, differing in ((1_500, 0.0), (1_500, 0.02), (3_000, 0.05), (3_000, 0.15))),
)  # fmt: skip
