"""`crobot assembly locus` and `crobot assembly gff`: where the loci of a typed assembly lie."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, print_text, wide_option
from crobot_tasks.cli.tables import table
from db.engine import transaction
from db.species import allele_positions

_COLUMNS = (
    Column("Locus", Kind.NAME),
    Column("Allele", Kind.ID, importance=9),
    Column("Status", importance=8),
    Column("Contig", Kind.NAME, importance=7),
    Column("Start", Kind.NUMBER, importance=6),
    Column("End", Kind.NUMBER, importance=6),
    Column("Strand", importance=3),
    Column("Identity", Kind.NUMBER, importance=4),
    Column("Copies", Kind.NUMBER, importance=2),
)
_barcode = click.argument("barcode", metavar="BARCODE")
_scheme = click.argument("scheme")


@click.command()
@click.argument("species")
@_barcode
@_scheme
@click.argument("loci", metavar="LOCUS…", nargs=-1, required=True)
@wide_option
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
    print_text(text)


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    keys = [column.heading.lower() for column in _COLUMNS]
    out.print(table(_COLUMNS, [[one[key] for key in keys] for one in found]))
