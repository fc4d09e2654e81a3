"""The pages: each is a frame, which a script in a room of `static/js` fills from the HTTP API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from examples.webapp import sign_in

blueprint = Blueprint("pages", __name__)
blueprint.before_request(sign_in.require)


@blueprint.get("/")
def jobs() -> str:
    """Show the user's jobs, live."""
    return _page("jobs/jobs", "My jobs")


@blueprint.get("/jobs/<int:number>")
def job(number: int) -> str:
    """Show one job, live."""
    return _page("jobs/job", f"Job {number}", number=number)


@blueprint.get("/upload")
def upload() -> str:
    """Take pairs of read files with the metadata of their strains."""
    return _page("uploads/upload", "Upload reads")


@blueprint.get("/genomes")
@blueprint.get("/genomes/<species>")
def genomes(species: str = "") -> str:
    """Show the assemblies of a species."""
    return _page("genomes/genomes", "Genomes", species=species)


@blueprint.get("/genomes/<species>/<barcode>")
def genome(species: str, barcode: str) -> str:
    """Show one assembly: its statistics, its QA, what the schemes found, its files."""
    return _page("genomes/genome", barcode, species=species, barcode=barcode)


@blueprint.get("/trees")
def trees() -> str:
    """Show the user's trees and SNP projects."""
    return _page("analyses/trees", "Trees")


@blueprint.get("/analyses/<int:number>")
def analysis(number: int) -> str:
    """Show one analysis, live."""
    return _page("analyses/analysis", f"Analysis {number}", number=number)


@blueprint.get("/projects/<int:number>")
def project(number: int) -> str:
    """Show one SNP project, live."""
    return _page("analyses/project", f"SNP project {number}", number=number)


def _page(script: str, title: str, **about: Any) -> str:
    return render_template("page.html", script=script, title=title, about=about)
