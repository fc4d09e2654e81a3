"""What a node must know of a locus before it reads all its alleles: lengths, and a few alleles that stand for all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

#: k-mers of this length are shared between similar alleles
K = 15
#: an allele is looked at every so many bases
STEP = 7
#: an allele is stood for by another that has this share of its k-mers (about 90 % identity if spread evenly)
SHARED = 0.2
STARTS = frozenset({"ATG", "GTG", "TTG"})
STOPS = frozenset({"TAA", "TAG", "TGA"})


def is_coding(sequence: str) -> bool:
    """Whether this is one complete coding sequence: start codon, stop codon, none between them."""
    if len(sequence) % 3 or sequence[:3] not in STARTS or sequence[-3:] not in STOPS:
        return False
    return STOPS.isdisjoint(sequence[at : at + 3] for at in range(0, len(sequence) - 3, 3))


@dataclass
class LocusSummary:
    """Collects what is known of a locus while its alleles go by."""

    lengths: Counter[int] = field(default_factory=Counter)
    #: all alleles so far are complete coding sequences, so a new one must be, too
    coding: bool = True
    #: (number, sequence): every allele is similar to one of them, so a search with them finds all places
    representatives: list[tuple[int, str]] = field(default_factory=list)
    _kmers: list[set[str]] = field(default_factory=list)

    def add(self, number: int, sequence: str) -> None:
        """Take one more allele into account."""
        self.lengths[len(sequence)] += 1
        self.coding = self.coding and is_coding(sequence)
        if not self._is_represented(sequence):
            self.representatives.append((number, sequence))
            self._kmers.append({sequence[at : at + K] for at in range(len(sequence) - K + 1)})

    def _is_represented(self, sequence: str) -> bool:
        sample = [sequence[at : at + K] for at in range(0, len(sequence) - K + 1, STEP)]
        return any(sum(kmer in known for kmer in sample) > SHARED * len(sample) for known in self._kmers)

    @property
    def typical_length(self) -> int:
        """The most common length; of several, the shortest."""
        most = max(self.lengths.values())
        return min(length for length, count in self.lengths.items() if count == most)

    @property
    def longest(self) -> int:
        """Length of the longest allele."""
        return max(self.lengths)
