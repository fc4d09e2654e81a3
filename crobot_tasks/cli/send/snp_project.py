"""`crobot send snp-project`: SNPs of many assemblies against a reference, their distances, and a tree."""

from __future__ import annotations

from typing import Any

import click
from rich.console import Console

from crobot_tasks.cli import sending
from crobot_tasks.cli.output import emit, json_option
from crobot_tasks.cli.send import options, posting
from crobot_tasks.jobs.snp import Project, send_project
from crobot_tasks.operate.projects import describe
from workers.trees.names import Names


@click.command("snp-project")
@click.argument("species")
@click.argument("assemblies", metavar="BARCODE…", nargs=-1, required=True)
@click.option("--name", required=True, help="What the project is called.")
@click.option(
    "--reference", required=True, metavar="BARCODE", help="The assembly to compare with; it is in the tree."
)
@click.option(
    "--outgroup", default="", metavar="BARCODE", help="Where the tree has its root.  [default: its middle]"
)
@click.option("--core", "core_threshold", type=click.FloatRange(0, 1, min_open=True), default=0.95, show_default=True,
              help="Share of the genomes that must decide a site.")  # fmt: skip
@options.names
@options.request
@options.again
@json_option
def snp_project(
    species: str,
    assemblies: tuple[str, ...],
    name: str,
    reference: str,
    outgroup: str,
    core_threshold: float,
    names: str,
    user_id: int,
    callback: str | None,
    again: bool,
    as_json: bool,
    **request: Any,
) -> None:
    """Send an SNP project: what other projects have mapped already is used, and the rest is mapped in one job."""
    sending.ready()
    params = {"core_threshold": core_threshold}
    project = Project(species, name, reference, assemblies, user_id, outgroup, params, request, Names(names))
    with posting.analysis(callback, user_id) as order:
        number = send_project(project, again=again)
        order(number)
    document = describe(number)

    def show(out: Console) -> None:
        if document["state"] == "complete":
            out.print(
                f"SNP project {document['id']} has the result of the same genomes and parameters; nothing new was sent "
                f"(--again computes it again); `crobot project show {document['id']}` shows it"
            )
            return
        jobs = ", ".join(f"{step['step']} by job {step['job']}" for step in document["steps"] if step["job"])
        out.print(f"SNP project {document['id']} is sent: {jobs or 'everything is there'}")
        out.print(f"`crobot project show {document['id']}` tells how it stands")

    emit(as_json, document, show)
