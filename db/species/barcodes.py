"""Barcodes: ``<prefix>_<code>_<table>``, for example SAL_BA2277AA_AS; pure, asks no database."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from crobot_errors import BadInput


class Kind(StrEnum):
    """What a barcode stands for: its last two letters."""

    ASSEMBLY = "AS"
    SEQUENCE_TYPE = "ST"
    ALLELE = "AL"
    LOCUS = "LO"
    STRAIN = "SS"
    TRACE = "TR"


#: four digits run fastest, then the four letters from left to right; the numbers begin at 1
DIGITS = 10_000
LETTERS = 26
LARGEST = DIGITS * LETTERS**4 - 1

_BARCODE = re.compile(r"([A-Z]{3})_([A-Z]{2})([0-9]{4})([A-Z]{2})_(" + "|".join(Kind) + ")")


@dataclass(frozen=True)
class Barcode:
    """The parts of a barcode."""

    prefix: str
    number: int
    kind: Kind

    def __str__(self) -> str:
        return encode(self.prefix, self.number, self.kind)


def encode(prefix: str, number: int, kind: Kind) -> str:
    """Return the barcode of a number: SAL, 12277, ASSEMBLY → SAL_BA2277AA_AS.

    Raises:
        BadInput: the number is not from 1 to 4,569,759,999.
    """
    if not 1 <= number <= LARGEST:
        raise BadInput(f"no barcode has the number {number}: use 1 to {LARGEST}")
    rest, digits = divmod(number, DIGITS)
    letters = ""
    for _ in range(4):
        rest, letter = divmod(rest, LETTERS)
        letters += chr(ord("A") + letter)
    return f"{prefix}_{letters[:2]}{digits:04d}{letters[2:]}_{kind}"


def decode(barcode: str) -> Barcode:
    """Return the parts of a barcode.

    Raises:
        BadInput: it is none.
    """
    match = _BARCODE.fullmatch(barcode)
    if match is None:
        raise BadInput(f"{barcode!r} is not a barcode: use the form SAL_AA0001AA_AS")
    prefix, first, digits, last, kind = match.groups()
    number = 0
    for letter in reversed(first + last):
        number = number * LETTERS + ord(letter) - ord("A")
    number = number * DIGITS + int(digits)
    if number == 0:
        raise BadInput(f"{barcode!r} is not a barcode: the numbers begin at 1 (AA0001AA)")
    return Barcode(prefix, number, Kind(kind))


def check(barcode: str, kind: Kind, prefix: str | None = None) -> str:
    """Return the barcode if it is one of this kind, and of this species when its prefix is given.

    Raises:
        BadInput: it is not.
    """
    found = decode(barcode)
    if found.kind is not kind:
        raise BadInput(f"{barcode!r} is a barcode of kind {found.kind}: here one of kind {kind} is needed")
    if prefix is not None and found.prefix != prefix:
        raise BadInput(f"{barcode!r} belongs to another species: here barcodes begin with {prefix}_")
    return barcode
