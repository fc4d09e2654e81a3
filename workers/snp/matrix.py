"""The SNP matrix, pure: calls of all assemblies + mask → the core sites that differ, and the distances by them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crobot_errors import BadInput
from workers.run_lengths import Array, run_lengths
from workers.snp.call_files import StoredCalls
from workers.snp.genome import Genome
from workers.snp.shares import REPEATS, Share

#: an assembly whose reads are known may be believed in repeats shorter than the fragments that were sequenced, since
#: mates reach out of them. In longer ones its doubtful bases are not
LONG_REPEAT = 500
#: what is not decided
GAP = ord("-")
LETTERS = b"ACGT"


Stretch = tuple[str, int, int]


@dataclass(frozen=True)
class Mask:
    """Stretches of the reference as (contig, start, end); ``arrays`` of tandem repeats are among ``everything``.

    An assembler gives an array as many copies as fit, and reads of one copy agree with it in another: so what lies in
    one is believed of no assembly, also of one with reads.
    """

    everything: Sequence[Stretch] = ()
    arrays: Sequence[Stretch] = ()


@dataclass(frozen=True)
class Matrix:
    """``bases`` has a row for each taxon, the reference first, and a column for each site."""

    genome: Genome
    taxa: tuple[str, ...]
    #: positions over the whole reference, from 0
    sites: Array
    bases: Array
    #: core sites at which all taxa agree, by base: a tree's model needs them
    constant: Mapping[str, int]
    #: bases in which only taxa count whose reads are known
    masked: int
    #: sites that differ, but too few taxa decide them
    not_core: int
    #: taxon, without the reference → how much of the reference it decides
    shares: Mapping[str, Share]

    @property
    def core(self) -> int:
        """Sites that enough taxa decide."""
        return sum(self.constant.values()) + len(self.sites)

    def sequence(self, taxon: int) -> str:
        """A taxon's bases at the sites."""
        return bytes(self.bases[taxon]).decode("ascii")

    def snp_counts(self) -> dict[str, int]:
        """Taxon → sites at which it differs from the reference."""
        known = self.bases != GAP
        counts = ((self.bases != self.bases[0]) & known).sum(axis=1)
        return dict(zip(self.taxa, map(int, counts), strict=True))

    def distances(self) -> Array:
        """Sites at which two taxa differ, of those that both decide."""
        shape = (len(self.taxa), len(self.taxa))
        both, same = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        # exact in single precision up to 16 million sites
        known = (self.bases != GAP).astype(np.float32)
        both += known @ known.T
        for letter in LETTERS:
            has = (self.bases == letter).astype(np.float32)
            same += has @ has.T
        distances: Array = np.rint(both - same).astype(np.int64)
        return distances


def build(
    reference: tuple[str, Mapping[str, str]],
    calls: Iterable[tuple[str, StoredCalls]],
    mask: Mask,
    threshold: float,
) -> Matrix:
    """Put the matrix together; ``reference`` is its name and its contigs, ``threshold`` the core's share of taxa.

    Raises: BadInput if calls or mask are of another reference.
    """
    name, contigs = reference
    genome = Genome({contig: len(sequence) for contig, sequence in contigs.items()})
    letters = np.frombuffer("".join(contigs.values()).encode("ascii"), np.uint8)
    masks = _Masks.of(genome, mask)
    found = {taxon: _decide(genome, one, masks, taxon) for taxon, one in calls}
    taxa = (name, *found)
    missing = _covered(genome, [stretch for each in found.values() for stretch in each.undecided])
    # rounded first: a product such as 0.95 x 20 may lie a hair above the whole number
    needed = int(np.ceil(round(threshold * len(taxa), 6)))
    # a base of the reference that is none of ACGT is never compared
    usable = np.isin(letters, list(LETTERS))
    enough = len(taxa) - missing >= needed
    differing = np.zeros(genome.size, bool)
    for each in found.values():
        differing[each.positions] = True
    sites = np.flatnonzero(differing & usable & enough)
    constant = Counter(map(chr, letters[usable & enough & ~differing].tolist()))
    return Matrix(
        genome,
        taxa,
        sites,
        _bases(letters, sites, [*found.values()]),
        {base: constant[base] for base in "ACGT"},
        masked=int(masks.masked.sum()),
        not_core=int((differing & usable & ~enough).sum()),
        shares={taxon: one.share for taxon, one in found.items()},
    )


@dataclass(frozen=True)
class _Taxon:
    """Stretches that it does not decide, none of which overlap, and where it has which other base."""

    undecided: Array
    positions: Array
    bases: Array
    share: Share


@dataclass(frozen=True)
class _Masks:
    """Of each base, whether it is masked, in a long stretch of the mask, and in an array of tandem repeats."""

    masked: Array
    long: Array
    arrays: Array

    @classmethod
    def of(cls, genome: Genome, mask: Mask) -> _Masks:
        stretches = _stretches(genome, mask.everything, "the mask")
        long = stretches[stretches[:, 1] - stretches[:, 0] >= LONG_REPEAT]
        arrays = _stretches(genome, mask.arrays, "the mask")
        return cls(*(_covered(genome, some) > 0 for some in (stretches, long, arrays)))


def _decide(genome: Genome, calls: StoredCalls, masks: _Masks, taxon: str) -> _Taxon:
    """What a taxon says, less what is not believed."""
    check_lengths(genome, calls.lengths, f"the calls of {taxon}")
    undecided = _covered(genome, _stretches(genome, calls.undecided, taxon)) > 0
    if calls.by_reads:
        undecided |= masks.arrays | masks.long & (
            _covered(genome, _stretches(genome, calls.doubtful, taxon)) > 0
        )
    else:
        undecided |= masks.masked
    stretches = [(start, end) for start, end, value in run_lengths(undecided) if value]
    positions, bases = _positions(genome, calls)
    decided = ~undecided[positions]
    share = _share(calls, genome.size, int(undecided.sum()), len(positions), int(decided.sum()))
    return _Taxon(np.array(stretches, np.int64).reshape(-1, 2), positions[decided], bases[decided], share)


def _share(calls: StoredCalls, size: int, undecided: int, snps: int, believed: int) -> Share:
    """What the calls do not say of bases that are undecided lies in repeats of the reference."""
    in_repeats = undecided - sum(calls.left_out.values())
    dropped = {**calls.dropped, REPEATS: snps - believed}
    return Share(size, size - undecided, {**calls.left_out, REPEATS: in_repeats}, believed, dropped)


def _bases(letters: Array, sites: Array, taxa: Sequence[_Taxon]) -> Array:
    rows = np.tile(letters[sites], (len(taxa) + 1, 1))
    for row, each in zip(rows[1:], taxa, strict=True):
        for first, last in np.searchsorted(sites, each.undecided):
            row[first:last] = GAP
        chosen = np.isin(each.positions, sites)
        row[np.searchsorted(sites, each.positions[chosen])] = each.bases[chosen]
    return rows


def check_lengths(genome: Genome, lengths: Mapping[str, int], what: str) -> None:
    """Raises: BadInput if something was made with another reference."""
    if dict(lengths) != dict(genome.lengths):
        raise BadInput(f"{what} were made with another reference: its contigs have other names or lengths")


def _stretches(genome: Genome, stretches: Iterable[tuple[str, int, int]], what: str) -> Array:
    found = list(stretches)
    unknown = next((contig for contig, _, _ in found if contig not in genome.offsets), None)
    if unknown is not None:
        raise BadInput(f"{what} name the contig {unknown!r}, which the reference does not have")
    placed = [(genome.offsets[contig] + start, genome.offsets[contig] + end) for contig, start, end in found]
    return np.array(placed, np.int64).reshape(-1, 2)


def _covered(genome: Genome, stretches: Iterable[Array] | Array) -> Array:
    """How many of the stretches cover each position."""
    changes = np.zeros(genome.size + 1, np.int32)
    placed = np.array([*stretches], np.int64).reshape(-1, 2)
    np.add.at(changes, placed[:, 0], 1)
    np.add.at(changes, placed[:, 1], -1)
    counts: Array = np.cumsum(changes)[:-1]
    return counts


def _positions(genome: Genome, calls: StoredCalls) -> tuple[Array, Array]:
    positions = [genome.offsets[contig] + at for contig, at, _ in calls.snps]
    return np.array(positions, np.int64), np.array([ord(base) for _, _, base in calls.snps], np.uint8)
