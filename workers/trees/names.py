"""Names of genomes in files, pure: unique, and safe in Newick, FASTA and tables, as near to people's as that allows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum

from crobot_errors import BadInput

_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
#: what a name may be in all of these files
SAFE = re.compile(r"[A-Za-z0-9_.-]+")
#: PHYLIP of today, BEAST and viewers of trees cut longer ones
MOST_LETTERS = 80


class Names(StrEnum):
    """What genomes are called in the files of a tree."""

    STRAIN = "strain"
    BARCODE = "barcode"


def file_names(labels: Mapping[str, str]) -> dict[str, str]:
    """Return key → its label in letters that are safe everywhere, with the key behind it where it is no name alone.

    Labels that become the same, in whatever case, are told apart by their keys, also from labels that look so.
    """
    plain = {key: _plain(label) for key, label in labels.items()}
    times: dict[str, int] = {}
    for name in [*plain.values(), *labels]:
        times[name.casefold()] = times.get(name.casefold(), 0) + 1
    found: dict[str, str] = {}
    taken: set[str] = set()
    for key, name in plain.items():
        own = name == key and times[name.casefold()] == 2
        alone = bool(name) and (own or times[name.casefold()] == 1)
        found[key] = _free(name if alone else f"{name}_{key}".lstrip("_"), taken)
    return found


def _plain(label: str) -> str:
    """The label in ASCII: ü becomes u, and what has no letter like it an underscore."""
    decomposed = unicodedata.normalize("NFKD", label)
    ascii_only = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _UNSAFE.sub("_", ascii_only)[:MOST_LETTERS].strip("_")


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free.casefold())
    return free


def check_names(names: object) -> dict[str, str]:
    """Return names in files by key.

    Raises: BadInput if they are none, not safe, or not unique.
    """
    if not isinstance(names, dict) or not all(isinstance(one, str) for one in names.values()):
        raise BadInput(f"the parameter names is {names!r:.80}: it must be names by barcode")
    wrong = next((one for one in names.values() if not SAFE.fullmatch(one)), None)
    if wrong is not None:
        raise BadInput(
            f"{wrong!r} cannot be a genome's name in files: it may have A-Z, a-z, 0-9, '_', '.', '-'"
        )
    if len(set(names.values())) < len(names):
        raise BadInput("two genomes have the same name in files: give each a name of its own")
    return names
