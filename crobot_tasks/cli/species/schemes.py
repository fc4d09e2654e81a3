"""`crobot scheme`: the typing schemes of a species."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from crobot_errors import BadInput
from crobot_tasks.cli import sending, services, storage
from crobot_tasks.cli.columns import Column, Kind
from crobot_tasks.cli.output import console, emit, json_option, say, wide_option
from crobot_tasks.cli.safe_text import safe
from crobot_tasks.cli.tables import table
from crobot_tasks.intake import scheme_calls
from crobot_tasks.jobs import scheme_export as importing
from crobot_tasks.maintenance import species_overview
from db import known_species
from db.engine import transaction
from workers.nomenclature.blemishes import Blemishes

#: warnings that people get to read
MOST_BLEMISHES = 20
#: how files of alleles are called in a folder
ALLELE_FILES = (".tfa", ".fas", ".fasta", ".fa", ".tfa.gz", ".fas.gz", ".fasta.gz", ".fa.gz")
#: ends of names of files that are packed otherwise
PACKERS = {".xz": "xz", ".bz2": "bzip2", ".zst": "zstd", ".zip": "zip", ".7z": "7-Zip", ".rar": "RAR"}
_COLUMNS = {
    "description": Column("Scheme"),
    "label": Column("Label", Kind.NAME, importance=2),
    "pipeline": Column("Pipeline", importance=8),
    "called": Column("Called", importance=6),
    "scheme": Column("Nomenclature", Kind.NAME, importance=3),
    "version": Column("Version", importance=4),
    "loci": Column("Loci", Kind.NUMBER, importance=5),
    "alleles": Column("Alleles", Kind.NUMBER, importance=6),
    "sequence_types": Column("STs", Kind.NUMBER, importance=6),
    "results": Column("Results", Kind.NUMBER, importance=7),
    "outdated": Column("Outdated", Kind.NUMBER, importance=7),
}


@click.command("import")
@click.argument("species")
@click.argument("name")
@click.option("--alleles", required=True, multiple=True, type=click.Path(path_type=Path),
              help="FASTA file of a locus or of many, or a folder of them; may be given several times.")  # fmt: skip
@click.option(
    "--profiles",
    type=click.Path(path_type=Path),
    help="Table of the sequence types, with tabs; without it all of them are numbered here.",
)
@click.option(
    "--number-here",
    is_flag=True,
    help="The alleles' ids are no numbers but text or checksums, as penA_1.001 or locus|9f86d081: number them here.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Refuse a scheme with any blemish, instead of telling it.",
)
@click.option("--description", required=True, help="The scheme's name in programs: MLST_Achtman.")
@click.option("--label", help="Its name for people.  [default: the description]")
@click.option(
    "--on-demand",
    is_flag=True,
    help="Type no new assembly by it, only those that are sent (crobot send scheme).",
)
@json_option
def import_(
    species: str,
    name: str,
    alleles: tuple[Path, ...],
    profiles: Path | None,
    number_here: bool,
    strict: bool,
    description: str,
    label: str | None,
    on_demand: bool,
    as_json: bool,
) -> None:
    """Import an MLST scheme from PubMLST's files, or a newer release of it. New assemblies are typed by it at once.

    What is odd in the files, and hinders nobody, is told: of two numbers for one allele or profile the smaller one is
    given, and an allele that a profile calls N, ? or nothing is missing.
    """
    services.ready_database()
    storage.ready()
    _check_species(species)
    files = _files(alleles)
    if profiles is not None and not profiles.is_file():
        raise BadInput(f"there is no file {profiles}")
    out = console(to_stderr=True)
    blemishes = Blemishes(strict)
    columns = SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn()
    with Progress(*columns, console=out, transient=True, disable=as_json or not out.is_terminal) as progress:
        progress.add_task(f"importing {safe(name)} from {len(files):,} files")
        version = importing.import_scheme(
            species,
            name,
            description,
            label or description,
            files,
            profiles,
            number_here,
            blemishes,
            on_demand,
        )
    found = next(one for one in species_overview.schemes(species) if one["description"] == description)
    if not as_json:
        _warn(blemishes.found)
    emit(as_json, found | {"species": species, "warnings": blemishes.found}, lambda out: out.print(
        f"{description} ({name}) of {species}, version {version}: {found['loci']:,} loci, "
        f"{found['alleles']:,} alleles, {found['sequence_types']:,} sequence types"))  # fmt: skip


def _warn(blemishes: list[str]) -> None:
    for told in blemishes[:MOST_BLEMISHES]:
        say(f"warning: {told}")
    if (more := len(blemishes) - MOST_BLEMISHES) > 0:
        say(f"warning: and {more:,} more; --json lists all")


@click.command()
@click.argument("species")
@click.argument("description")
@click.option("--pipeline", required=True, help="What finds it out: SeroPred, CRISPR, prokka_annotation.")
@click.option("--label", default="", help="Its name for people.  [default: the description]")
@click.option(
    "--on-demand",
    is_flag=True,
    help="Call it on no new assembly, only on those that are sent (crobot send scheme).",
)
@json_option
def add(species: str, description: str, pipeline: str, label: str, on_demand: bool, as_json: bool) -> None:
    """Add a scheme that is not MLST: from now on its pipeline is called on every new assembly."""
    sending.ready()
    _check_species(species)
    scheme_calls.add_scheme(species, description, pipeline, label, on_demand)
    _emit_one(species, description, as_json)


@click.command()
@click.argument("species")
@click.argument("description")
@click.option(
    "--on-demand/--always",
    required=True,
    help="Call it only on assemblies that are sent, or on every new assembly.",
)
@json_option
def change(species: str, description: str, on_demand: bool, as_json: bool) -> None:
    """Change when a scheme is called, from now on; what was sent is left alone."""
    services.ready_database()
    scheme_calls.call_on_demand(species, description, on_demand)
    _emit_one(species, description, as_json)


def _emit_one(species: str, description: str, as_json: bool) -> None:
    found = next(one for one in species_overview.schemes(species) if one["description"] == description)
    emit(as_json, found | {"species": species}, lambda out: out.print(
        f"{description} of {species}: {found['pipeline']} is called "
        f"{'on demand' if found['on_demand'] else 'on every new assembly'}"))  # fmt: skip


@click.command("list")
@click.argument("species")
@wide_option
@json_option
def list_(species: str, as_json: bool) -> None:
    """List the schemes of a species."""
    services.ready_database()
    _check_species(species)
    found = species_overview.schemes(species)
    emit(as_json, found, lambda out: _show(out, found))


def _check_species(name: str) -> None:
    with transaction() as session:
        known_species.find_species(session, name)


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += _inside(path) if path.is_dir() else [path]
    absent = [str(path) for path in found if not path.is_file()]
    if absent:
        raise BadInput(f"there is no file {', '.join(absent)}")
    return found


def _inside(folder: Path) -> list[Path]:
    """The allele files of a folder; one that is packed otherwise than by gzip is not left out in silence."""
    names = {each.name for each in folder.iterdir() if each.is_file()}
    packed = sorted(name for name in names if _packed_alone(name, names))
    if packed:
        raise BadInput(
            f"{folder / packed[0]} is packed by {PACKERS[Path(packed[0]).suffix]}: unpack it, or pack it with gzip"
        )
    inside = sorted(folder / name for name in names if name.endswith(ALLELE_FILES))
    if not inside:
        other = f", only {', '.join(sorted(names)[:3])}" if names else ""
        raise BadInput(f"the folder {folder} holds no allele files ({', '.join(ALLELE_FILES[:4])}){other}")
    return inside


def _packed_alone(name: str, names: set[str]) -> bool:
    """Whether a file is alleles in a packing that is not read, and they are not there unpacked."""
    path = Path(name)
    return path.suffix in PACKERS and path.stem.endswith(ALLELE_FILES) and path.stem not in names


def _show(out: Console, found: list[dict[str, Any]]) -> None:
    lines = [one | {"called": _called(one)} for one in found]
    out.print(table(_COLUMNS.values(), [[one[key] or "" for key in _COLUMNS] for one in lines]))


def _called(scheme: dict[str, Any]) -> str:
    if not scheme["pipeline"]:
        return ""
    return "on demand" if scheme["on_demand"] else "always"
