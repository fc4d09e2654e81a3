"""The metadata of a strain that a table may have as columns, and what their values may be."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from functools import partial

from crobot_errors import BadInput

#: longest text, in characters
LONGEST = 1_000
EARLIEST_YEAR = 1800
_LEAP_YEAR = 2000

Value = str | int | float


def _text(name: str, text: str, year: int) -> str:
    if len(text) > LONGEST:
        raise BadInput(f"{text[:20]!r}… has {len(text):,} characters: shorten it to {LONGEST:,}")
    if not text.isprintable():
        raise BadInput(f"{text!r:.60} has characters that cannot be printed: remove them")
    return text


def _whole(least: int, most: int, name: str, text: str, year: int) -> int:
    if re.fullmatch(r"[0-9]{1,2}", text) and least <= int(text) <= most:
        return int(text)
    raise BadInput(f"{text!r:.60} is no {name}: write {least} to {most}, or leave the cell empty")


def _year(name: str, text: str, year: int) -> int:
    if not re.fullmatch(r"[0-9]{4}", text) or int(text) < EARLIEST_YEAR:
        raise BadInput(f"{text!r:.60} is no year: write four digits, such as {year}, or leave the cell empty")
    if int(text) > year:
        raise BadInput(f"the year {text} is in the future: now is {year}")
    return int(text)


def _degrees(most: int, name: str, text: str, year: int) -> float:
    if re.fullmatch(r"[+-]?[0-9]{1,3}(\.[0-9]+)?", text) and abs(float(text)) <= most:
        return float(text)
    raise BadInput(
        f"{text!r:.60} is no {name}: write degrees from -{most} to {most}, such as 53.35, or leave the cell empty"
    )


Read = Callable[[str, str, int], Value]

#: column → how its text is read: (column, text, the year that is now) → value
KNOWN: dict[str, Read] = {
    "source": _text,
    "source_niche": _text,
    "source_type": _text,
    "source_details": _text,
    "host": _text,
    "continent": _text,
    "country": _text,
    "region": _text,
    "district": _text,
    "city": _text,
    "postcode": _text,
    "latitude": partial(_degrees, 90),
    "longitude": partial(_degrees, 180),
    "year": _year,
    "month": partial(_whole, 1, 12),
    "day": partial(_whole, 1, 31),
    "serovar": _text,
    "subspecies": _text,
    "disease": _text,
    "phage_type": _text,
    "antigenic_formula": _text,
    "bioproject": _text,
    "biosample": _text,
    "contact": _text,
    "comment": _text,
}


def days(year: int | None, month: int) -> int:
    """Return how many days the month has; in a year that is not known, as many as it ever has."""
    return monthrange(year or _LEAP_YEAR, month)[1]


def read(name: str, text: str, year: int) -> Value:
    """Return the value of a cell; a column that only this species has is text.

    Raises:
        BadInput: it is none.
    """
    return KNOWN.get(name, _text)(name, text, year)
