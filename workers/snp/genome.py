"""The reference as one line of positions: its contigs one behind the other, so that one array holds it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Genome:
    """Contigs by name with their lengths; ``position`` counts from 0 over all of them."""

    lengths: Mapping[str, int]

    @cached_property
    def offsets(self) -> dict[str, int]:
        """Where each contig begins."""
        begins = np.cumsum([0, *self.lengths.values()])
        return {name: int(begin) for name, begin in zip(self.lengths, begins, strict=False)}

    @cached_property
    def _begins(self) -> list[int]:
        return list(self.offsets.values())

    @property
    def size(self) -> int:
        """Bases of all contigs."""
        return sum(self.lengths.values())

    def place(self, position: int) -> tuple[str, int]:
        """The contig, and the position on it from 0."""
        at = bisect_right(self._begins, position) - 1
        return self._names[at], position - self._begins[at]

    @cached_property
    def _names(self) -> list[str]:
        return list(self.lengths)

    def split(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """A stretch as stretches of contigs: (contig, start, end)."""
        while start < end:
            name, at = self.place(start)
            stop = min(end, start + self.lengths[name] - at)
            yield name, at, at + stop - start
            start = stop
