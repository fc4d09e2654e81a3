"""`crobot send locus-search`, `locus-table` and `ms-tree`: analyses, whose results `crobot analysis show` shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from crobot_tasks.cli import sending
from crobot_tasks.cli.output import json_option
from crobot_tasks.cli.send import options, posting
from crobot_tasks.jobs import AnalysisJob, LocusSearchJob, LocusTableJob, MSTreeJob
from crobot_tasks.results import values_of
from workers.nomenclature.locus_search import MIN_COVERAGE, MIN_IDENTITY
from workers.nomenclature.query import read_query_text
from workers.pipelines.ms_tree import METHODS

_PERCENT = click.FloatRange(0, 100)
_name = click.option("--name", default="", help="Its name, for people.")
_min_identity = click.option(
    "--min-identity", type=_PERCENT, default=MIN_IDENTITY, show_default=True, help="Percent."
)
_min_coverage = click.option("--min-coverage", type=_PERCENT, default=MIN_COVERAGE, show_default=True,
                             help="Percent of the sequence's length.")  # fmt: skip


@click.command("locus-search")
@click.argument("species")
@click.argument("barcode")
@click.argument("fasta", type=click.Path(path_type=Path))
@_name
@_min_identity
@_min_coverage
@options.request
@options.again
@options.follow
@json_option
def locus_search(
    species: str,
    barcode: str,
    fasta: Path,
    min_identity: float,
    min_coverage: float,
    again: bool,
    follow: bool,
    as_json: bool,
    callback: str | None,
    **request: Any,
) -> None:
    """Search nucleotide sequences (a FASTA file, or a bare sequence) in the assembly BARCODE."""
    sending.ready()
    job = LocusSearchJob(
        database=species,
        assembly_barcode=barcode,
        query=read_query_text(fasta),
        params={"min_identity": min_identity, "min_coverage": min_coverage},
        **request,
    )
    _send(job, callback, again, follow, as_json)


@click.command("locus-table")
@click.argument("species")
@click.argument("fasta", type=click.Path(path_type=Path))
@click.argument("barcodes", metavar="[BARCODE…]", nargs=-1)
@_name
@_min_identity
@_min_coverage
@options.request
@options.again
@options.follow
@json_option
def locus_table(
    species: str,
    fasta: Path,
    barcodes: tuple[str, ...],
    min_identity: float,
    min_coverage: float,
    again: bool,
    follow: bool,
    as_json: bool,
    callback: str | None,
    **request: Any,
) -> None:
    """Search nucleotide sequences in many assemblies (by default all in use): one table tells which have them."""
    sending.ready()
    job = LocusTableJob(
        database=species,
        query=read_query_text(fasta),
        barcodes=barcodes,
        params={"min_identity": min_identity, "min_coverage": min_coverage},
        **request,
    )
    _send(job, callback, again, follow, as_json)


@click.command("ms-tree")
@click.argument("species")
@click.argument("scheme")
@click.argument("barcodes", metavar="[BARCODE…]", nargs=-1)
@_name
@click.option("--method", type=click.Choice(list(METHODS)), default="MSTreeV2", show_default=True)
@options.names
@click.option(
    "--colour-by",
    metavar="COLUMN",
    help="Column of `crobot results` that the picture shows; '' for none.  [default: the scheme's ST]",
)
@options.request
@options.again
@options.follow
@json_option
def ms_tree(
    species: str,
    scheme: str,
    barcodes: tuple[str, ...],
    method: str,
    names: str,
    colour_by: str | None,
    again: bool,
    follow: bool,
    as_json: bool,
    callback: str | None,
    **request: Any,
) -> None:
    """Make a tree of the allelic profiles of assemblies, by default of all that strains have in use."""
    sending.ready()
    column = f"{scheme}.ST" if colour_by is None else colour_by
    job = MSTreeJob(
        database=species,
        scheme=scheme,
        barcodes=barcodes,
        method=method,
        names=names,
        shown=values_of(species, column, must_exist=colour_by is not None) if column else None,
        shown_by=column,
        **request,
    )
    _send(job, callback, again, follow, as_json)


def _send(job: AnalysisJob, callback: str | None, again: bool, follow: bool, as_json: bool) -> None:
    with posting.analysis(callback, job.user_id) as order:
        job_id = job.send_job(again=again)
        assert job.analysis_id is not None
        order(job.analysis_id)
    options.tell(
        job_id,
        joined=job.joined,
        cached=job.cached,
        follow=follow,
        as_json=as_json,
        analysis=job.analysis_id,
    )
