"""`crobot species limits`: by which limits the assemblies of a species are judged, and others from now on."""

from __future__ import annotations

from typing import Any

import click

from crobot_tasks.cli import services
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.jobs.judging import limits_of
from db import registry
from db.engine import transaction
from db.known_species import find_species
from workers.assembling.limits import FORM, as_dict, parsed


@click.command()
@click.argument("species")
@click.option("--qa", "limits", default="", metavar="LIMITS",
              help=f"Others: {FORM}; what is left out stays as it is.")  # fmt: skip
@json_option
def limits(species: str, limits: str, as_json: bool) -> None:
    """Show the limits of a species' QA, or change them.

    A verdict stays as it is until `crobot assembly rejudge` judges the assembly again.
    """
    services.ready_database()
    with transaction() as session:
        row = find_species(session, species)
        if limits:
            own = as_dict(parsed(limits, limits_of(row)))
            registry.change_limits(session, species, own | {"source": "given"})
        source = (row.qa or {}).get("source", f"those of the genus {row.genus}")
        found = {"species": species, "limits": as_dict(limits_of(row)), "limits_from": source}
    emit(as_json, found, lambda out: out.print(_told(found, changed=bool(limits))))


def _told(found: dict[str, Any], *, changed: bool) -> str:
    told = f"limits of the QA of {found['species']}, {found['limits_from']}: {in_words(found['limits'])}"
    again = f"`crobot assembly rejudge {found['species']} BARCODE…` judges assemblies that are there by them"
    return f"{told}; {again}" if changed else told


def in_words(limits: dict[str, Any]) -> str:
    """Return limits for people."""
    least, most = limits["bases"]
    return (
        f"{least:,} to {most:,} bases, fewer than {limits['contigs']:,} contigs, N50 above {limits['n50']:,}, "
        f"less than {limits['n']:g} % N, more than {limits['species']:g} % of the species"
    )
