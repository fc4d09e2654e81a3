"""The limits of the QA for a species: given, those of its genus, published ones, or by its reference genomes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from crobot_errors import BadInput
from workers.assembling.genome_sizes import size_of
from workers.assembling.qa import THRESHOLDS, Thresholds

#: of a species of which nothing else is known, as most genera of the original have them
USUAL = Thresholds(1, 20_000_000, 20_000, 600, 3, 70)
#: how much smaller or larger than its references a genome may be: accessory genes and plasmids
SMALLER, LARGER = 0.85, 1.15
#: for people
FORM = "bases=1.5M-1.8M,n50=20k,contigs=600,n=3,species=70"

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([kKmM]?)")
_SCALE = {"": 1, "k": 1_000, "m": 1_000_000}
#: largest number of each, so that a slip of the pen is seen
_MOST = {"bases": 20_000_000, "n50": 20_000_000, "contigs": 100_000, "n": 100, "species": 100}


def choose(label: str, genus: str, given: str, reference_bases: Sequence[int]) -> tuple[Thresholds, str]:
    """Return the limits of a new species, and where they come from, for people.

    ``given`` is a text as `FORM`, of which what is left out is as usual; ``reference_bases`` are the lengths of its
    reference genomes.

    Raises:
        BadInput: the text cannot be; or nothing is known of the genus, and there is no reference genome.
    """
    if given:
        known = _known(label, genus, reference_bases)
        if known is None and "bases=" not in given.replace(" ", ""):
            raise BadInput(f"the limits {given!r} lack bases, which nothing else says: write them as {FORM}")
        return parsed(given, known[0] if known else USUAL), "given"
    known = _known(label, genus, reference_bases)
    if known is None:
        raise BadInput(
            f"nothing is known of how large genomes of {label!r} are: give --qa {FORM}, or a --reference genome; there "
            f"are limits for {', '.join(THRESHOLDS)}"
        )
    return known


def _known(label: str, genus: str, reference_bases: Sequence[int]) -> tuple[Thresholds, str] | None:
    if genus in THRESHOLDS:
        return THRESHOLDS[genus], f"those of the genus {genus}"
    if size := size_of(label, genus):
        return replace(USUAL, min_bases=size[0], max_bases=size[1]), size[2]
    if not reference_bases:
        return None
    least, most = round(SMALLER * min(reference_bases)), round(LARGER * max(reference_bases))
    genomes = f"{len(reference_bases)} reference genome{'s' if len(reference_bases) > 1 else ''}"
    return replace(USUAL, min_bases=least, max_bases=most), f"by {genomes}, 15 % smaller to 15 % larger"


def parsed(text: str, otherwise: Thresholds) -> Thresholds:
    """Return the limits that a text as `FORM` says; what it leaves out stays as it is ``otherwise``.

    Raises:
        BadInput: it has another form, or a number that cannot be.
    """
    found: dict[str, Any] = {}
    for part in text.split(","):
        name, _, value = (each.strip() for each in part.partition("="))
        if name not in _MOST or name in found:
            raise BadInput(
                f"the limits {text!r} are not understood at {part.strip()!r}: write them as {FORM}"
            )
        found[name] = _range(value, text) if name == "bases" else _amount(name, value, text)
    return of_dict(as_dict(otherwise) | found)


def _range(value: str, text: str) -> list[float]:
    least, sign, most = value.partition("-")
    if not sign:
        raise BadInput(f"the limits {text!r}: bases is {value!r}, and must be a range, such as 1.5M-1.8M")
    return [_amount("bases", one, text) for one in (least, most)]


def _amount(name: str, value: str, text: str) -> float:
    match = _AMOUNT.fullmatch(value.strip())
    if match is None:
        raise BadInput(
            f"the limits {text!r}: {name} is {value.strip()!r}, which is no number: write them as {FORM}"
        )
    return float(match[1]) * _SCALE[match[2].lower()]


def as_dict(limits: Thresholds) -> dict[str, Any]:
    """Return limits as the parameter ``limits`` of a job has them: bases, N50, contigs, N and species in percent."""
    own = asdict(limits)
    return {
        "bases": [own["min_bases"], own["max_bases"]],
        "n50": own["n50_above"],
        "contigs": own["contigs_below"],
        "n": own["n_below"],
        "species": own["species_above"],
    }


def of_dict(given: Mapping[str, Any]) -> Thresholds:
    """Return limits from the form of `as_dict`.

    Raises:
        BadInput: something is missing, unknown or impossible.
    """
    if given.keys() != _MOST.keys():
        raise BadInput(
            f"the limits of the QA have {', '.join(_MOST)}, not {', '.join(map(str, given)) or 'nothing'}"
        )
    bases = given["bases"]
    if not isinstance(bases, list | tuple) or len(bases) != 2:
        raise BadInput(f"the limit bases is {bases!r}: give the smallest and the largest number of bases")
    least, most = (_checked("bases", one) for one in bases)
    if least > most:
        raise BadInput(f"the limit bases is {least:,.0f} to {most:,.0f}: the smaller number comes first")
    n50, contigs, n, species = (_checked(name, given[name]) for name in ("n50", "contigs", "n", "species"))
    return Thresholds(int(least), int(most), int(n50), int(contigs), n, species)


def _checked(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST[name]:
        raise BadInput(f"the limit {name} is {value!r}: it must be a number from 0 to {_MOST[name]:,}")
    return value


def thresholds_of(params: Mapping[str, Any]) -> Thresholds:
    """Return the limits by which a job judges: its own ``limits``, or those of its ``genus``.

    Raises:
        BadInput: the limits cannot be, or there are none for the genus.
    """
    if params.get("limits") is not None:
        if not isinstance(params["limits"], dict):
            raise BadInput(f"the parameter limits is {params['limits']!r}: it has {', '.join(_MOST)}")
        return of_dict(params["limits"])
    genus = params.get("genus")
    found = THRESHOLDS.get(str(genus))
    if found is None:
        raise BadInput(
            f"there are no QA thresholds for the genus {genus!r}; known are {', '.join(THRESHOLDS)}. Give the species "
            "limits of its own: `crobot species limits`"
        )
    return found
