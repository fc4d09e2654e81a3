"""One assembly with all that is known of it, of which the columns of the table are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Line:
    """An assembly, its strain, and how schemes stand on it."""

    #: as `db.species.result_rows.assemblies` has it
    assembly: Any
    #: scheme id → as `standings` has it; none where the scheme was never sent
    standings: Mapping[int, Any]
    #: scheme id → what the publisher says of the sequence type
    published: Mapping[int, Mapping[str, str]]


@dataclass(frozen=True)
class Column:
    """A column of the table."""

    name: str
    value: Callable[[Line], Value]
