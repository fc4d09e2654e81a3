"""What people write (barcodes, names, accessions) becomes the items of a batch; what cannot be done has the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from crobot_tasks.batches.making import Item, parts
from crobot_tasks.intake.scheme_calls import class_of
from crobot_tasks.jobs.judging import params_of
from db.engine import transaction
from db.known_species import find_species
from db.species import chosen
from db.species.schemes import find_scheme
from workers.assembling.assembly_params import checked_params

#: lets somebody see the items of a batch on their way into it
Through = Callable[[Iterator[Item]], Iterable[Item]]


class Chosen:
    """Counts what was chosen on its way into a batch, and keeps the first reasons why something was left out."""

    #: reasons that are kept
    REASONS = 3

    def __init__(self) -> None:
        self.items = self.left_out = 0
        self.reasons: list[str] = []

    def through(self, items: Iterable[Item]) -> Iterator[Item]:
        """Pass items on."""
        for item in items:
            self.items += 1
            if item["skipped"]:
                self.left_out += 1
                self.reasons += [item["skipped"]] if self.left_out <= self.REASONS else []
            yield item


def strains(database: str, keys: Iterable[str]) -> Iterator[Item]:
    """Yield an item for each strain, in order and without doubles, by barcode, name, or a run's accession."""
    return _items(database, keys, chosen.strains)


def assemblies(database: str, keys: Iterable[str]) -> Iterator[Item]:
    """Yield an item for each assembly, by its barcode, or by that or the name of its strain."""
    return _items(database, keys, chosen.assemblies)


def check_assembly(database: str, params: dict[str, Any]) -> None:
    """Check what all assemblies of a batch share, before one of them fails by it.

    Raises:
        BadInput: a parameter that is not known, or a value that cannot be.
        UnknownSpecies: there is no such species.
    """
    with transaction() as session:
        of_species = params_of(find_species(session, database))
    # each job gives the prefix itself
    checked_params(of_species | {"prefix": "checked"} | params)


def check_scheme(database: str, scheme: str) -> None:
    """Check that a scheme is called on one assembly at a time.

    Raises:
        BadInput: it is not.
        UnknownSpecies, UnknownScheme: there is none of this name.
    """
    with transaction() as session:
        find_species(session, database)
    with transaction(database) as session:
        class_of(find_scheme(session, scheme))


def _items(database: str, keys: Iterable[str], find: Any) -> Iterator[Item]:
    seen: set[str] = set()
    for part in parts(keys):
        with transaction(database) as session:
            found = find(session, part)
        for key in part:
            barcode, why = found[key]
            if barcode not in seen:
                seen.add(barcode)
                yield {"key": barcode, "call": None, "skipped": why}
