"""`crobot species`: the species databases."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.cli import sending, services
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import emit, json_option, wide_option
from crobot_tasks.cli.species.limits import in_words
from crobot_tasks.cli.tables import table
from crobot_tasks.intake import scheme_calls
from db import known_species, registry
from db.engine import transaction
from workers.assembling.assembly import read_contigs
from workers.assembling.limits import FORM, as_dict, choose
from workers.assembling.qa import THRESHOLDS
from workers.storage import references_dir

_COLUMNS = (
    Column("Species"),
    Column("Label", Kind.TEXT),
    Column("Genus", importance=6),
    Column("Prefix", importance=7),
    Column("References", Kind.NUMBER, importance=4),
)


@click.command()
@click.argument("name")
@click.option("--label", required=True, help="For people: 'Salmonella enterica'.")
@click.option("--genus", default="", help="As Salmonella.  [default: the label's first word]")
@click.option("--prefix", required=True, help="Barcodes begin with these three capital letters: SAL.")
@click.option("--reference", "references", multiple=True, type=click.Path(path_type=Path),
              help="FASTA file of a genome of the species, for the species check; may be repeated.")  # fmt: skip
@click.option(
    "--qa",
    "limits",
    default="",
    metavar="LIMITS",
    help=f"Limits of its own: {FORM}.  [default: those of its genus, published ones, or by its references]",
)
@click.option("--bare", is_flag=True, help="Call nothing on new assemblies before schemes are added by hand.")
@json_option
def add(
    name: str,
    label: str,
    genus: str,
    prefix: str,
    references: tuple[Path, ...],
    limits: str,
    bare: bool,
    as_json: bool,
) -> None:
    """Add a species. Nothing needs a restart; adding it again with the same values does nothing.

    N50 and bases of LIMITS may have k and M; n and species are percent, and what is left out is as usual.
    """  # fmt: skip
    sending.ready()
    genus = genus or label.split(" ")[0]
    bases = [_bases(path) for path in references]
    chosen, source = choose(label, genus, limits, bases)
    qa = None if chosen == THRESHOLDS.get(genus) else as_dict(chosen) | {"source": source}
    folder = references_dir(Path(celeryconfig.crobot_storage), name)
    kept = [folder / path.name for path in references]
    with transaction():
        registry.add_species(name, label, genus, prefix, kept, THRESHOLDS, qa)
        # before the commit: a species whose references are not there would be worse than files without a species
        _copy(references, folder)
    schemes = [] if bare else scheme_calls.add_usual(name, genus)
    document = {
        "species": name,
        "label": label,
        "genus": genus,
        "prefix": prefix,
        "references": list(map(str, kept)),
        "limits": as_dict(chosen),
        "limits_from": source,
        "called": schemes,
    }
    emit(as_json, document, lambda out: _show_added(out, document))


def _show_added(out: Console, added: dict[str, Any]) -> None:
    genomes = len(added["references"])
    called = added["called"]
    out.print(
        f"species {added['species']} ({added['label']}) is there, with {genomes} reference "
        f"genome{'' if genomes == 1 else 's'}"
        + (f"; called on every new assembly: {', '.join(called)}" if called else "")
    )
    out.print(f"limits of the QA, {added['limits_from']}: {in_words(added['limits'])}")


@click.command("list")
@wide_option
@json_option
def list_(as_json: bool) -> None:
    """List the species."""
    services.ready_database()
    with transaction() as session:
        found = [
            {"name": row.name, "label": row.label, "genus": row.genus, "prefix": row.barcode_prefix,
             "references": row.references, "created_at": row.created_at}
            for row in known_species.list_species(session)
        ]  # fmt: skip
    emit(as_json, found, lambda out: _show(out, found))


def _bases(path: Path) -> int:
    """Read the genome once, so that no assembly meets a broken one; returns its length."""
    if not path.is_file():
        raise BadInput(f"the reference {path} is not a file")
    return sum(len(contig.sequence) for contig in read_contigs(path))


def _copy(references: Sequence[Path], folder: Path) -> None:
    if len({path.name for path in references}) < len(references):
        raise BadInput("two references have the same file name: rename one")
    folder.mkdir(parents=True, exist_ok=True)
    for path in references:
        half = folder / f".{path.name}.copying"
        shutil.copyfile(path, half)
        half.rename(folder / path.name)


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    if not found:
        out.print("no species yet; `crobot species add` adds one")
        return
    lines = [
        [one["name"], one["label"], one["genus"], one["prefix"], len(one["references"])] for one in found
    ]
    out.print(table(_COLUMNS, lines))
