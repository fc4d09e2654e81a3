"""What the files of the matrix share: which scenarios `make test` runs, and which only `make faults`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import product
from typing import Any

import pytest


def scenarios(*rows: Iterable[str], ci: Collection[tuple[str, ...]]) -> list[Any]:
    """Every combination; all but those in ``ci`` are marked ``full``."""
    every = list(product(*rows))
    assert set(ci) <= set(every)
    return [
        pytest.param(*names, id=", ".join(names), marks=() if names in ci else pytest.mark.full)
        for names in every
    ]
