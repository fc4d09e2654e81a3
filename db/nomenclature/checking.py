"""What a published scheme's files may hold; asks no database."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence

from crobot_errors import BadInput
from db.nomenclature.store import LOCAL_OFFSET

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,62}")
LOCUS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.'-]{0,62}")
#: published alleles may have letters for more than one base
BASES = re.compile(r"[ACGTRYSWKMBDHVNacgtryswkmbdhvn]+")

HASHES = "; if the alleles' ids are no numbers but checksums, import them with --number-here"


def check_loci(scheme: str, loci: Sequence[str]) -> None:
    """Refuse names that could not be files or FASTA records, and loci that are missing or named twice."""
    if not SCHEME.fullmatch(scheme):
        raise BadInput(
            f"{scheme!r} cannot name a scheme: use letters, digits, '_', '.' and '-', a letter first"
        )
    if not loci:
        raise BadInput(f"the scheme {scheme!r} has no loci")
    for name in loci:
        if not LOCUS.fullmatch(name):
            raise BadInput(
                f"{name!r} cannot name a locus of {scheme!r}: use letters, digits, '_', '.', '-' and \"'\""
            )
    if len(set(loci)) < len(loci):
        twice = [name for name, count in Counter(loci).items() if count > 1]
        raise BadInput(f"the scheme {scheme!r} names a locus twice: {some(twice)}")


def check_allele(locus: str, allele: int | str, sequence: str, loci: Collection[str]) -> None:
    """Refuse an allele of another scheme's locus, without a sequence, or with a number that is given here."""
    if locus not in loci:
        raise BadInput(f"the alleles name a locus {locus!r}, the scheme has {some(loci)}")
    if isinstance(allele, int):
        _check_number(f"allele {allele} of {locus}", allele, HASHES)
    if not BASES.fullmatch(sequence):
        raise BadInput(f"allele {allele} of {locus} is not a nucleotide sequence: {sequence[:60]!r}")


def check_sequence_type(number: int, profile: Sequence[int | str], loci: int) -> None:
    """Refuse a profile with too few or too many loci, or with a number that is given here."""
    _check_number(f"ST {number}", number)
    if len(profile) != loci:
        raise BadInput(f"ST {number} has {len(profile)} alleles, the scheme {loci} loci")
    if any(isinstance(allele, int) and not 0 <= allele <= LOCAL_OFFSET for allele in profile):
        raise BadInput(f"ST {number} has an allele number outside 0 to {LOCAL_OFFSET}: {list(profile)}")


def some(names: Collection[str], most: int = 10) -> str:
    """Return names for a message: a scheme may have thousands."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(list(names)[:most]) + more


def _check_number(what: str, number: int, cure: str = "") -> None:
    if not 1 <= number <= LOCAL_OFFSET:
        raise BadInput(f"{what}: published numbers are 1 to {LOCAL_OFFSET}, those above are given here{cure}")
