"""What keeps a species up to date asks for: what it lacks, page by page, and what was done for the same before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from db.crobot import daily_updates, earlier
from db.species import candidates, selection
from db.species.schemes import find_scheme
from db.species.selection import Filters
from tests.integration.db.large_tables.fill import SCHEME, SPECIES

DAY = date(2026, 11, 26)


def of_maintenance(size: int) -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call, for tables of so many jobs."""
    tags = [f"tag{number}" for number in range(size // 10, size // 10 + 100)]
    few = Filters(limit=100)
    return {
        "db.crobot.daily_updates.due": lambda s: daily_updates.due(s, 3),
        "db.crobot.daily_updates.done": lambda s: daily_updates.done(s, SPECIES, DAY),
        "db.crobot.daily_updates.missed": lambda s: daily_updates.missed(s, 5),
        "db.crobot.daily_updates.take": lambda s: daily_updates.take(s, SPECIES, DAY),
        "db.crobot.earlier.live_contexts": lambda s: earlier.live_contexts(s, SPECIES, "assembly"),
        "db.crobot.earlier.of_tags": lambda s: earlier.of_tags(s, SPECIES, SCHEME, tags),
        "db.crobot.earlier.unsent": lambda s: earlier.unsent(s, "scheme", SPECIES, SCHEME, tags),
        "db.species.candidates.assemblies":
            lambda s: candidates.assemblies(s, find_scheme(s, SCHEME), "4.1", outdated=True),
        "db.species.candidates.made_by": lambda s: candidates.made_by(s, range(400, 800, 4)),
        "db.species.candidates.strains": lambda s: candidates.strains(s, None),
        "db.species.candidates.strains outdated": lambda s: candidates.strains(s, "4.2"),
        "db.species.selection.all_strains": lambda s: selection.all_strains(s, few),
        "db.species.selection.assemblies_failed":
            lambda s: selection.assemblies_failed(s, find_scheme(s, SCHEME), "node_lost"),
        "db.species.selection.assemblies_outdated":
            lambda s: selection.assemblies_outdated(s, find_scheme(s, SCHEME), "4.2", few),
        "db.species.selection.assemblies_without_result":
            lambda s: selection.assemblies_without_result(s, find_scheme(s, SCHEME)),
        "db.species.selection.strains_failed": lambda s: selection.strains_failed(s, "tool"),
        "db.species.selection.strains_outdated": lambda s: selection.strains_outdated(s, "4.1"),
        "db.species.selection.strains_without_assembly": selection.strains_without_assembly,
    }  # fmt: skip
