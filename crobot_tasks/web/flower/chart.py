"""Charts as SVG, made here: a page needs no script for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: of the drawing's own units; a page stretches it
WIDTH, HEIGHT = 720, 120
_GAP = 2


@dataclass(frozen=True)
class Column:
    """One hour: what it is called, and how much of each kind there is, from the bottom up."""

    name: str
    amounts: Sequence[tuple[str, int]]

    @property
    def total(self) -> int:
        """All kinds together."""
        return sum(amount for _, amount in self.amounts)


def columns(given: Sequence[Column], label: str) -> str:
    """Draw columns of stacked parts; the class of a part is its kind, and pages give it a colour."""
    highest = max((column.total for column in given), default=0) or 1
    wide = WIDTH / max(len(given), 1)
    parts = [
        part for index, column in enumerate(given) for part in _column(column, index * wide, wide, highest)
    ]
    return (
        f'<svg class="crobot-chart" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">{"".join(parts)}</svg>'
    )


def _column(column: Column, x: float, wide: float, highest: int) -> list[str]:
    top, drawn = float(HEIGHT), []
    said = ", ".join(f"{amount:,} {kind}" for kind, amount in column.amounts if amount) or "nothing"
    for kind, amount in column.amounts:
        tall = HEIGHT * amount / highest
        top -= tall
        drawn.append(
            f'<rect class="{kind}" x="{x + _GAP / 2:.1f}" y="{top:.1f}" width="{wide - _GAP:.1f}" height="{tall:.1f}"/>'
        )
    # the whole height answers the pointer, also where an hour has little
    field = f'<rect class="field" x="{x:.1f}" y="0" width="{wide:.1f}" height="{HEIGHT}"/>'
    return [f"<g><title>{column.name}: {said}</title>{field}{''.join(drawn)}</g>"]
