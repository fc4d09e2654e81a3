"""The metadata of a strain that a table may have as columns, and what their values may be."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass

from crobot_errors import BadInput

#: longest text, in characters
LONGEST = 1_000
EARLIEST_YEAR = 1800
_LEAP_YEAR = 2000

Value = str | int | float


class Text:
    """A text on one line."""

    kind = "text"

    def read(self, name: str, text: str, year: int) -> str:
        """Return the value of a cell."""
        if len(text) > LONGEST:
            raise BadInput(f"{text[:20]!r}… has {len(text):,} characters: shorten it to {LONGEST:,}")
        if not text.isprintable():
            raise BadInput(f"{text!r:.60} has characters that cannot be printed: remove them")
        return text

    def limits(self, year: int) -> tuple[int, int] | None:
        """Return the least and the greatest value of a number; None of a text."""
        return None


@dataclass(frozen=True)
class Whole:
    """A whole number."""

    least: int
    most: int
    kind = "integer"

    def read(self, name: str, text: str, year: int) -> int:
        """Return the value of a cell."""
        if re.fullmatch(r"[0-9]{1,2}", text) and self.least <= int(text) <= self.most:
            return int(text)
        raise BadInput(
            f"{text!r:.60} is no {name}: write {self.least} to {self.most}, or leave the cell empty"
        )

    def limits(self, year: int) -> tuple[int, int]:
        """Return the least and the greatest value."""
        return self.least, self.most


class Year:
    """A year that has begun."""

    kind = "integer"

    def read(self, name: str, text: str, year: int) -> int:
        """Return the value of a cell."""
        if not re.fullmatch(r"[0-9]{4}", text) or int(text) < EARLIEST_YEAR:
            raise BadInput(
                f"{text!r:.60} is no year: write four digits, such as {year}, or leave the cell empty"
            )
        if int(text) > year:
            raise BadInput(f"the year {text} is in the future: now is {year}")
        return int(text)

    def limits(self, year: int) -> tuple[int, int]:
        """Return the least and the greatest value."""
        return EARLIEST_YEAR, year


@dataclass(frozen=True)
class Degrees:
    """Degrees to both sides of zero."""

    most: int
    kind = "number"

    def read(self, name: str, text: str, year: int) -> float:
        """Return the value of a cell."""
        if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]+)?", text) and abs(float(text)) <= self.most:
            return float(text)
        raise BadInput(
            f"{text!r:.60} is no {name}: write degrees from -{self.most} to {self.most}, such as 53.35, "
            "or leave the cell empty"
        )

    def limits(self, year: int) -> tuple[int, int]:
        """Return the least and the greatest value."""
        return -self.most, self.most


Kind = Text | Whole | Year | Degrees
_TEXT = Text()

#: column → what its values may be
KNOWN: dict[str, Kind] = {
    "source": _TEXT,
    "source_niche": _TEXT,
    "source_type": _TEXT,
    "source_details": _TEXT,
    "host": _TEXT,
    "continent": _TEXT,
    "country": _TEXT,
    "region": _TEXT,
    "district": _TEXT,
    "city": _TEXT,
    "postcode": _TEXT,
    "latitude": Degrees(90),
    "longitude": Degrees(180),
    "year": Year(),
    "month": Whole(1, 12),
    "day": Whole(1, 31),
    "serovar": _TEXT,
    "subspecies": _TEXT,
    "disease": _TEXT,
    "phage_type": _TEXT,
    "antigenic_formula": _TEXT,
    "bioproject": _TEXT,
    "biosample": _TEXT,
    "contact": _TEXT,
    "comment": _TEXT,
}


def kinds(of_species: Iterable[str]) -> dict[str, Kind]:
    """Return name → kind of all metadata; those that only strains of the species have come last, and are texts."""
    return KNOWN | dict.fromkeys(sorted(set(of_species) - KNOWN.keys()), _TEXT)


def days(year: int | None, month: int) -> int:
    """Return how many days the month has; in a year that is not known, as many as it ever has."""
    return monthrange(year or _LEAP_YEAR, month)[1]


def read(name: str, text: str, year: int) -> Value:
    """Return the value of a cell; a column that only this species has is text.

    Raises:
        BadInput: it is none.
    """
    return KNOWN.get(name, _TEXT).read(name, text, year)
