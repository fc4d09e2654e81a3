"""How much of the reference each assembly decides, why it does not decide the rest, and whether distances are whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: what is not decided, in the order of the columns of the table → in words
REASONS = {
    "missing": "not covered",
    "deleted": "deleted",
    "diverged": "too different",
    "short_alignment": "in a short alignment",
    "several_places": "in a contig that fits several places",
    "several_alignments": "claimed by several contigs",
    "alignment_end": "at the end of an alignment",
    "near_gap": "beside a gap",
    "crowded": "in a crowd of SNPs",
    "ambiguous_base": "no base of ACGT",
    "low_quality": "on which the reads do not agree",
    "repeats": "in repeats",
}
REPEATS = "repeats"
#: SNPs that are left out since too many stand together: more than so many of a hundred make distances too small
MOST_DROPPED = 10
DROPPED = ("crowded", "diverged")
#: an assembly that decides less of the reference hides what differs elsewhere
LEAST_USED = 80


@dataclass(frozen=True)
class Share:
    """Of one assembly: bases of the reference that it decides, and by reason those that it does not."""

    size: int
    used: int
    #: reason → bases
    left_out: Mapping[str, int]
    #: SNPs that are believed
    snps: int
    #: reason → SNPs that are not
    dropped: Mapping[str, int]

    @property
    def used_share(self) -> float:
        """From 0 to 1."""
        return self.used / self.size if self.size else 0.0

    @property
    def dropped_share(self) -> float:
        """SNPs that are left out since too many stand together, of those and the believed ones."""
        dropped = sum(self.dropped.get(name, 0) for name in DROPPED)
        return dropped / (dropped + self.snps) if dropped else 0.0

    def as_dict(self) -> dict[str, Any]:
        """For the results."""
        return {
            "used_bases": self.used,
            "used_share": round(self.used_share, 5),
            "left_out": {name: self.left_out[name] for name in REASONS if self.left_out.get(name)},
            "snps_left_out": {name: self.dropped[name] for name in REASONS if self.dropped.get(name)},
        }


def warnings(shares: Mapping[str, Share]) -> list[str]:
    """What makes distances smaller than they are, one line a kind; taxa by their keys."""
    crowded = [name for name, one in shares.items() if 100 * one.dropped_share > MOST_DROPPED]
    little = [name for name, one in shares.items() if 100 * one.used_share < LEAST_USED]
    found = []
    if crowded:
        worst = max(shares[name].dropped_share for name in crowded)
        found.append(
            f"distances of {_some(crowded)} are too small: up to {100 * worst:.0f} % of their SNPs stand in crowds or "
            "in stretches that differ too much, and are left out. Take a reference that is closer"
        )
    if little:
        least = min(shares[name].used_share for name in little)
        found.append(
            f"{_some(little)} decide little of the reference (as little as {100 * least:.0f} %), and distances count "
            "only what is decided. Take a reference that is closer"
        )
    return found


def _some(names: list[str], most: int = 5) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def write_shares(path: Path, shares: Mapping[str, Share], names: Mapping[str, str]) -> Path:
    """A line a taxon: bases that are used, and left out by reason; SNPs that are believed, and that are not."""
    titles = (
        "name",
        "barcode",
        "used_share",
        "used",
        *REASONS,
        "snps",
        *(f"snps_{name}" for name in REASONS),
    )
    lines = ["\t".join(titles)]
    for taxon, one in shares.items():
        out = [one.left_out.get(reason, 0) for reason in REASONS]
        dropped = [one.dropped.get(reason, 0) for reason in REASONS]
        numbers = map(str, (one.used, *out, one.snps, *dropped))
        lines.append("\t".join((names[taxon], taxon, f"{one.used_share:.5f}", *numbers)))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
