"""`/api/v1.0/species/S/results`: what is known of all genomes of a species as one table, as `crobot results` has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response, jsonify, stream_with_context

from crobot_errors import UnknownSpecies
from crobot_tasks.results import Results, table_text
from crobot_tasks.web.api import marks
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.species import READ
from crobot_tasks.web.api.species_schemas import ResultsQuery, ResultsSchema

#: format → its content type, and what makes its lines
TABLES: Mapping[str, tuple[str, Callable[[Results], Iterator[str]]]] = {
    "tsv": ("text/tab-separated-values", table_text.tsv),
    "csv": ("text/csv", table_text.csv_),
}
_TEXT = {"type": "string"}

blueprint = Blueprint(
    "crobot-results", url_prefix=f"{ROOT}/species/<database>/results", description="Results as one table."
)


@blueprint.route("", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(ResultsQuery, location="query")
@blueprint.response(200, ResultsSchema)
@blueprint.alt_response(200, schema=_TEXT, content_type="text/tab-separated-values", success=True)
@blueprint.alt_response(200, schema=_TEXT, content_type="text/csv", success=True)
def list_(asked: dict[str, Any], database: str) -> Response:
    """List assemblies with what each scheme found: a page, the newest first; or all as a table (`tsv`, `csv`)."""
    found = _results(asked, database)
    if asked["format"] in TABLES:
        kind, lines = TABLES[asked["format"]]
        response = Response(stream_with_context(lines(found)), content_type=f"{kind}; charset=utf-8")
        response.headers.set("Content-Disposition", "attachment", filename=f"{database}.{asked['format']}")
        return response
    names = [column.name for column in found.columns]
    rows, before = found.newest(asked["limit"], marks.begin(asked, "result"))
    page = {
        "columns": names,
        "results": [dict(zip(names, row, strict=True)) for row in rows],
        "next": marks.following(before, "result"),
    }
    return jsonify(ResultsSchema().dump(page))


def _results(asked: Mapping[str, Any], database: str) -> Results:
    """Return the table.

    Raises:
        Problem: there is no such species.
        BadInput: no such scheme or column, or a condition cannot be.
    """
    wanted = {"schemes": asked["scheme"], "columns": asked["column"], "where": asked["where"]}
    try:
        return Results(database, in_use=asked["in_use"], **wanted)
    except UnknownSpecies as error:
        raise Problem(404, str(error), kind=type(error).__name__) from error
