"""Arrays of one value a base, and their run lengths: stretches of equal values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def run_lengths(values: Array) -> Iterator[tuple[int, int, int]]:
    """Return the stretches of equal values: (start, end, value)."""
    if not len(values):
        return
    cuts = np.flatnonzero(np.diff(values)) + 1
    begins, ends = [0, *cuts.tolist()], [*cuts.tolist(), len(values)]
    for start, end in zip(begins, ends, strict=True):
        yield start, end, int(values[start])
