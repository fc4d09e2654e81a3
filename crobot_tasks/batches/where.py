"""Strains or assemblies that are chosen by what the database knows of them: what is missing, outdated, or failed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crobot_tasks.jobs.generic import pipeline_of
from crobot_tasks.tasks import job_task
from db.species import selection
from db.species.schemes import find_scheme
from db.species.selection import Filters

#: what may be wanted of strains, and of assemblies
OF_STRAINS = ("no-assembly", "outdated", "failed", "all")
OF_ASSEMBLIES = ("no-result", "outdated", "failed")

#: (session, what is wanted) → barcodes
Select = Callable[[Any, "Where"], Sequence[str]]


@dataclass(frozen=True)
class Where:
    """What is wanted."""

    what: str
    #: of those that failed; None is any
    outcome: str | None
    filters: Filters

    def __str__(self) -> str:
        given = [self.what if self.outcome is None else f"{self.what}:{self.outcome}"]
        given += [f"since {_moment(self.filters.since)}"] if self.filters.since else []
        given += [f"until {_moment(self.filters.until)}"] if self.filters.until else []
        return ", ".join(given + [f"{key}={value}" for key, value in self.filters.attributes.items()])


def _moment(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def strains(session: Any, where: Where) -> Sequence[str]:
    """Return the barcodes of strains."""
    match where.what:
        case "all":
            return selection.all_strains(session, where.filters)
        case "no-assembly":
            return selection.strains_without_assembly(session, where.filters)
        case "outdated":
            return selection.strains_outdated(session, job_task("QAssembly").version, where.filters)
        case _:
            return selection.strains_failed(session, where.outcome, where.filters)


def assemblies(scheme: str) -> Select:
    """Return what chooses assemblies, by how a scheme stands on them."""

    def select(session: Any, where: Where) -> Sequence[str]:
        row = find_scheme(session, scheme)
        match where.what:
            case "no-result":
                return selection.assemblies_without_result(session, row, where.filters)
            case "outdated":
                current = job_task(pipeline_of(row)).version
                return selection.assemblies_outdated(session, row, current, where.filters)
            case _:
                return selection.assemblies_failed(session, row, where.outcome, where.filters)

    return select
