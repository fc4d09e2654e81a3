"""What jobs that judge an assembly are told of its species, and the limits that the head judges by itself."""

from __future__ import annotations

from typing import Any

from db.known_species import Species
from workers.assembling.limits import thresholds_of
from workers.assembling.qa import Thresholds


def params_of(species: Species) -> dict[str, Any]:
    """Return ``genus`` and ``references``, and ``limits`` if the species has some of its own."""
    own = {name: value for name, value in (species.qa or {}).items() if name != "source"}
    return {"genus": species.genus, "references": list(species.references)} | ({"limits": own} if own else {})


def limits_of(species: Species) -> Thresholds:
    """Return the limits of a species as they are now."""
    return thresholds_of(params_of(species))
