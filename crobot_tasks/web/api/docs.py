"""`/api/v1.0/docs/`: the API described for people, by Swagger UI out of this package; no other address is asked."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_from_directory

from crobot_tasks.web.api.paths import ROOT

#: swagger-ui-dist as npm has it, with its licence; index.html and start.js are ours
FILES = Path(__file__).parent / "swagger_ui"
VERSION = "5.35.0"
#: a browser asks nobody else, whatever the page says
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"

blueprint = Blueprint("crobot-docs", __name__, url_prefix=f"{ROOT}/docs")


@blueprint.get("/", defaults={"name": "index.html"})
@blueprint.get("/<name>")
def page(name: str) -> Response:
    """Return the page, or a file of it."""
    response = send_from_directory(FILES, name, max_age=3600)
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
