"""`crobot assembly locus` and `crobot assembly gff`: where the loci of a typed assembly lie."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.output import emit, json_option, table
from db.engine import transaction
from db.species import allele_positions

_barcode = click.argument("barcode", metavar="BARCODE")
_scheme = click.argument("scheme")


@click.command()
@click.argument("species")
@_barcode
@_scheme
@click.argument("loci", metavar="LOCUS…", nargs=-1, required=True)
@json_option
def locus(species: str, barcode: str, scheme: str, loci: tuple[str, ...], as_json: bool) -> None:
    """Show where loci of a scheme lie in an assembly, or in a strain's assembly in use, and which alleles they have."""
    services.ready_database()
    with transaction(species) as session:
        found = allele_positions.get_allele_details_for_strain(session, barcode, scheme, loci)
    document = [{"locus": name, **asdict(place)} for name, place in found.items()]
    emit(as_json, document, lambda out: _show(out, document))


@click.command()
@click.argument("species")
@_barcode
@_scheme
def gff(species: str, barcode: str, scheme: str) -> None:
    """Print the GFF of a scheme's loci in an assembly, as a genome browser reads it."""
    services.ready_database()
    with transaction(species) as session:
        text = allele_positions.gff(session, barcode, scheme)
    click.echo(text, nl=False)


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    columns = ("Locus", "Allele", "Status", "Contig", "Start", "End", "Strand", "Identity", "Copies")
    lines = [["" if one[name.lower()] is None else one[name.lower()] for name in columns] for one in found]
    out.print(table(columns, lines, right=("Allele", "Start", "End", "Identity", "Copies")))
