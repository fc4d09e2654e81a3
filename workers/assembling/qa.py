"""The QA evaluation of an assembly: the limits of the original's genera, each measure with its limit, the verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workers.assembling.assembly import Statistics


@dataclass(frozen=True)
class Thresholds:
    """Limits of one genus; N share and species share in percent."""

    min_bases: int
    max_bases: int
    n50_above: int
    contigs_below: int
    n_below: float
    species_above: float

    @property
    def expected_bases(self) -> int:
        """A genome of this genus, for want of better knowledge."""
        return (self.min_bases + self.max_bases) // 2


SALMONELLA = Thresholds(4_000_000, 5_800_000, 20_000, 600, 3, 70)
ESCHERICHIA = Thresholds(3_700_000, 6_400_000, 20_000, 600, 3, 70)
#: EnteroBase's table (domain of the original)
THRESHOLDS: dict[str, Thresholds] = {
    "Salmonella": SALMONELLA,
    "Escherichia": ESCHERICHIA,
    "Shigella": ESCHERICHIA,
    "Yersinia": Thresholds(3_700_000, 5_500_000, 15_000, 600, 3, 65),
    "Moraxella": Thresholds(1_800_000, 2_600_000, 20_000, 600, 3, 65),
    "Listeria": Thresholds(2_500_000, 3_300_000, 20_000, 600, 3, 70),
    "Clostridioides": Thresholds(3_600_000, 4_800_000, 20_000, 600, 3, 65),
}


@dataclass(frozen=True)
class Measure:
    """One measure beside its limit; ``passed`` is None if it was not checked."""

    measure: str
    value: float | None
    limit: str
    unit: str
    passed: bool | None


def evaluate(
    found: Statistics, species_share: float | None, limits: Thresholds, short_contigs: int = 0
) -> dict[str, Any]:
    """The verdict: "pass" or "fail", the measures that failed, and all of them in their order.

    It says how many ``short_contigs`` are not among what was found, if there are any.
    """
    measures = _measures(found, species_share, limits)
    failed = [each.measure for each in measures if each.passed is False]
    return {
        "verdict": "fail" if failed else "pass",
        "failed": failed,
        "measures": [asdict(each) for each in measures],
    } | ({"short_contigs": short_contigs} if short_contigs else {})


def _measures(found: Statistics, species_share: float | None, limits: Thresholds) -> list[Measure]:
    n_percent = round(100 * found.n_share, 3)
    species = None if species_share is None else round(100 * species_share, 2)
    return [
        Measure(
            "bases", found.bases, f"{limits.min_bases:,} to {limits.max_bases:,}", "bp",
            limits.min_bases <= found.bases <= limits.max_bases,
        ),
        Measure("contigs", found.contigs, f"< {limits.contigs_below:,}", "", found.contigs < limits.contigs_below),
        Measure("N50", found.n50, f"> {limits.n50_above:,}", "bp", found.n50 > limits.n50_above),
        Measure("N", n_percent, f"< {limits.n_below:g}", "%", n_percent < limits.n_below),
        Measure(
            "species", species, f"> {limits.species_above:g}" if species is not None else "not checked", "%",
            None if species is None else species > limits.species_above,
        ),
    ]  # fmt: skip
