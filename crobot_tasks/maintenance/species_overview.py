"""What a species has, for people and pages: its schemes, its assemblies, and how the schemes stand for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.maintenance.outdated import current_of, current_version, standing, why_outdated
from db.engine import transaction
from db.known_species import find_species
from db.species import AssemblyLookup, AssemblyStatus, LookupStatus, Scheme, outdated, overview
from db.species.assemblies import find_assembly, list_assemblies
from db.species.schemes import ON_DEMAND, find_scheme, list_schemes

#: a genome passes the limits that the head knows, and the job that checks its species is not over
BEING_JUDGED = "Being judged"


def schemes(species: str) -> list[dict[str, Any]]:
    """Return the schemes of a species with what is counted of them, which takes seconds in a large database.

    Raises:
        UnknownSpecies: there is none of this name.
    """
    _check(species)
    with transaction(species) as session:
        return [dict(row._mapping) | _results(session, row.description) for row in overview.schemes(session)]


def _results(session: Session, description: str) -> dict[str, Any]:
    scheme = find_scheme(session, description)
    counted = outdated.count(session, scheme, current_of(scheme))
    return {"results": counted.complete, "outdated": counted.outdated}


def scheme_list(species: str) -> list[dict[str, Any]]:
    """Return the schemes of a species, without what would have to be counted.

    Raises:
        UnknownSpecies: there is none of this name.
    """
    _check(species)
    with transaction(species) as session:
        return [
            {
                "description": scheme.description,
                "label": scheme.name,
                "pipeline": scheme.param.get("pipeline"),
                "scheme": scheme.param.get("scheme"),
                "on_demand": ON_DEMAND in scheme.param,
                "version": scheme.version,
            }
            for scheme in list_schemes(session)
        ]


def assemblies(species: str, limit: int, strain: str = "", before: int | None = None) -> list[dict[str, Any]]:
    """Return the newest assemblies, the newest first, or those of a strain's name, or of numbers below ``before``.

    Raises:
        UnknownSpecies: there is none of this name.
    """
    _check(species)
    with transaction(species) as session:
        known = {scheme.description: scheme for scheme in list_schemes(session)}
        found = [dict(row._mapping) for row in list_assemblies(session, limit, strain, before)][::-1]
        for one in found:
            one["status"] = _status(one)
            one["schemes"] = {name: standing(known[name], **stand) for name, stand in one["schemes"].items()}
            one["outdated"] = _outdated(one["job_id"], one["pipeline_version"])
    return found


def _status(one: dict[str, Any]) -> str:
    """Return the verdict, and for a genome whose species is still to be checked that it is none yet."""
    check = one["schemes"].get("assembly_stats")
    unchecked = check and check["status"] == LookupStatus.QUEUED and one["status"] == AssemblyStatus.ASSEMBLED
    return BEING_JUDGED if unchecked else str(one["status"])


def assembly(species: str, barcode: str) -> dict[str, Any]:
    """Return what is known of an assembly: its statistics, its QA, and what the schemes found.

    Raises:
        UnknownSpecies: there is none of this name.
        BadInput: it has no such assembly.
    """
    _check(species)
    with transaction(species) as session:
        row = find_assembly(session, barcode)
        names = ("id", "barcode", "status", "job_id", "pipeline_version", "file_pointer", "n50", "total_length",
                 "contig_number", "coverage", "low_qualities", "top_species", "stats", "created_at")  # fmt: skip
        return {name: getattr(row, name) for name in names} | {
            "outdated": _outdated(row.job_id, row.pipeline_version),
            "strains": [
                {"barcode": one.barcode, "strain": one.strain, "in_use": one.best_assembly == row.id}
                for one in sorted({trace.strain for trace in row.traces}, key=lambda one: one.id)
            ],
            "schemes": [_result(lookup, scheme) for lookup, scheme in overview.results(session, row.id)],
        }


def _result(lookup: AssemblyLookup, scheme: Scheme) -> dict[str, Any]:
    names = ("status", "version", "scheme_version", "st_barcode", "job_id", "results", "updated_at")
    found = {name: getattr(lookup, name) for name in names}
    return found | {
        "scheme": scheme.description,
        "label": scheme.name,
        "outdated": why_outdated(lookup, scheme),
    }


def _outdated(job_id: int | None, version: str) -> str:
    """Say by what an assembly that a job made is outdated; empty if it is not, or was brought in as it is."""
    return "" if job_id is None else outdated.why(version, current_version("QAssembly"))


def _check(species: str) -> None:
    with transaction() as session:
        find_species(session, species)
