"""`/api/v1.0/species`: the species, their schemes, and their assemblies with results and files.

What the institute has assembled, everybody in it may see who has the scope: the tables name no group for an assembly.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Response, url_for

from crobot_errors import BadInput, UnknownScheme, UnknownSpecies
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.intake.table import attributes
from crobot_tasks.maintenance import species_overview
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import marks, stored_files
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.files import outputs_of
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.species_schemas import (
    AssembliesQuery,
    AssembliesSchema,
    AssemblySchema,
    LociQuery,
    LociSchema,
    MetadataSchema,
    SchemesQuery,
    SchemesSchema,
    SpeciesListSchema,
)
from db import known_species
from db.crobot import jobs
from db.crobot.clock import now
from db.engine import transaction
from db.species import allele_positions
from db.species.new_reads import attribute_names
from workers.storage import assembly_dir, job_dir

READ = (Scope.SPECIES_READ, Scope.ADMIN_READ)
#: who uploads chooses a species, and describes a strain
NAMES = (*READ, Scope.UPLOADS_SEND)
#: the name of the file that every assembly has
FASTA = "assembly"
_GFF = "text/plain"

blueprint = Blueprint(
    "crobot-species", url_prefix=f"{ROOT}/species", description="Species, schemes and assemblies."
)


@contextmanager
def _path() -> Iterator[None]:
    """Say 404 where a path names what is not there."""
    try:
        yield
    except BadInput as error:
        raise Problem(404, str(error), kind=type(error).__name__) from error


@blueprint.route("", methods=["GET"])
@blueprint.opens(*NAMES)
@blueprint.response(200, SpeciesListSchema)
def list_() -> dict[str, Any]:
    """List the species."""
    with transaction() as session:
        found = [
            {"name": row.name, "label": row.label, "genus": row.genus, "prefix": row.barcode_prefix,
             "created_at": row.created_at}
            for row in known_species.list_species(session)
        ]  # fmt: skip
    return {"species": found}


@blueprint.route("/<database>/metadata", methods=["GET"])
@blueprint.opens(*NAMES, refuses=(404,))
@blueprint.response(200, MetadataSchema)
def metadata(database: str) -> dict[str, Any]:
    """List what may be said of a strain, and which values each takes."""
    with _path(), transaction(database) as session:
        known_species.find_species(session, database)
        known, year = attributes.kinds(attribute_names(session)), now(session).year
    return {"metadata": [_field(name, kind, year) for name, kind in known.items()]}


def _field(name: str, kind: attributes.Kind, year: int) -> dict[str, Any]:
    least, most = kind.limits(year) or (None, None)
    longest = attributes.LONGEST if kind.kind == "text" else None
    return {"name": name, "kind": kind.kind, "least": least, "most": most, "characters": longest}


@blueprint.route("/<database>/schemes", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(SchemesQuery, location="query")
@blueprint.response(200, SchemesSchema)
def schemes(asked: dict[str, Any], database: str) -> dict[str, Any]:
    """List the schemes of a species."""
    with _path():
        told = species_overview.schemes if asked["counts"] else species_overview.scheme_list
        return {"schemes": told(database)}


@blueprint.route("/<database>/assemblies", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(AssembliesQuery, location="query")
@blueprint.response(200, AssembliesSchema)
def assemblies(asked: dict[str, Any], database: str) -> dict[str, Any]:
    """List assemblies of a species, the newest first, and how the schemes stand for them."""
    limit, before = asked["limit"], marks.begin(asked, "assembly")
    with _path():
        found = species_overview.assemblies(database, limit + 1, asked.get("strain", ""), before)
    shown = [row | {"url": _url(database, row["barcode"])} for row in found[:limit]]
    return {
        "assemblies": shown,
        "next": marks.following(found[limit - 1]["id"] if len(found) > limit else None, "assembly"),
    }


@blueprint.route("/<database>/assemblies/<barcode>", methods=["GET"])
@blueprint.opens(*READ, refuses=(404,))
@blueprint.response(200, AssemblySchema)
def assembly(database: str, barcode: str) -> dict[str, Any]:
    """Show an assembly: statistics, QA evaluation with its reasons, what the schemes found, files."""
    with _path():
        found = species_overview.assembly(database, barcode)
    url = _url(database, barcode)
    stats = found["stats"]
    return found | {
        "qa": stats.get("qa"),
        "statistics": stats.get("statistics"),
        "files": [_file(database, found, name, text) for name, text in _texts(found).items()],
        "url": url,
    }


@blueprint.route("/<database>/assemblies/<barcode>/files/<name>", methods=["GET"])
@blueprint.sends_file(*READ)
def file(database: str, barcode: str, name: str) -> Response:
    """Get a file of an assembly, or the range of it that the header Range names; `assembly` is its FASTA."""
    with _path():
        found = species_overview.assembly(database, barcode)
    texts = _texts(found)
    path = _where(database, found, texts[name]) if name in texts else None
    if path is None:
        raise Problem(404, f"{barcode} has no file {name!r:.100}; it has {', '.join(texts)}")
    return stored_files.sent(path)


@blueprint.route("/<database>/assemblies/<barcode>/schemes/<scheme>/loci", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(LociQuery, location="query")
@blueprint.response(200, LociSchema)
def loci(asked: dict[str, Any], database: str, barcode: str, scheme: str) -> dict[str, Any]:
    """Look up where loci of a scheme lie in an assembly, or in a strain's assembly in use, and their alleles."""
    with _path(), transaction() as session:
        known_species.find_species(session, database)
    try:
        with transaction(database) as session:
            names = list(dict.fromkeys(asked["locus"]))
            found = allele_positions.get_allele_details_for_strain(session, barcode, scheme, names)
    except (UnknownSpecies, UnknownScheme) as error:
        raise Problem(404, str(error), kind=type(error).__name__) from error
    return {"loci": [{"locus": name, **asdict(place)} for name, place in found.items()]}


@blueprint.route("/<database>/assemblies/<barcode>/schemes/<scheme>/gff", methods=["GET"])
@blueprint.opens(*READ, refuses=(404,))
@blueprint.response(200, {"type": "string"}, content_type=_GFF)
def gff(database: str, barcode: str, scheme: str) -> Response:
    """Get the positions of all loci of a scheme in an assembly as GFF, as a genome browser reads it."""
    with _path():
        with transaction() as session:
            known_species.find_species(session, database)
        with transaction(database) as session:
            text = allele_positions.gff(session, barcode, scheme)
    response = Response(text, content_type=f"{_GFF}; charset=utf-8")
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _url(database: str, barcode: str | None) -> str | None:
    """Return the path of an assembly; one without a barcode, as very old ones are, has none."""
    return barcode and url_for("crobot-species.assembly", database=database, barcode=barcode)


def _texts(found: dict[str, Any]) -> dict[str, str]:
    """Return the files of an assembly: its FASTA, and what else its job has written, if that is still known."""
    texts = {FASTA: found["file_pointer"]}
    if found["job_id"] is not None:
        with transaction() as session:
            job = jobs.find(session, found["job_id"])
        texts = (outputs_of(job) if job is not None else {}) | texts
    return texts


def _where(database: str, found: dict[str, Any], text: str) -> Path | None:
    job_id = found["job_id"]
    own = assembly_dir(storage_root(), database, found["barcode"])
    return stored_files.find(text, [own] if job_id is None else [job_dir(storage_root(), job_id), own])


def _file(database: str, found: dict[str, Any], name: str, text: str) -> dict[str, Any]:
    path = _where(database, found, text)
    size = None if path is None else stored_files.size(path)
    url = url_for("crobot-species.file", database=database, barcode=found["barcode"], name=name)
    return {"name": name, "file": Path(text).name, "bytes": size, "url": url}
