"""`/api/v1.0/batches`: batches are listed, made, shown, and accounted for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, stream_with_context

from crobot_tasks.batches import account, overview, report_table
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import marks
from crobot_tasks.web.api.access import caller, visible_batch
from crobot_tasks.web.api.batch_making import make
from crobot_tasks.web.api.batch_schemas import (
    BatchesQuery,
    BatchesSchema,
    BatchSchema,
    ItemsQuery,
    ItemsSchema,
    MadeBatchSchema,
    MakeBatchSchema,
    ReportQuery,
    ReportSchema,
)
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER
from crobot_tasks.web.api.jobs import READ, SENDS
from crobot_tasks.web.api.paths import ROOT, batch_path
from db.crobot import batch_items, batches
from db.engine import transaction

TSV = "text/tab-separated-values; charset=utf-8"
#: items that are looked at for one page of those in some states
LOOKED_AT = 20_000
_PART = 1000

blueprint = Blueprint(
    "crobot-batches",
    url_prefix=f"{ROOT}/batches",
    description="Many jobs that are made, watched and steered as one.",
)


@blueprint.route("", methods=["GET"])
@blueprint.opens(*READ, refuses=(422,))
@blueprint.arguments(BatchesQuery, location="query")
@blueprint.response(200, BatchesSchema)
def list_(asked: dict[str, Any]) -> dict[str, Any]:
    """List batches of the token's user and workgroup, the newest first."""
    limit, who = asked["limit"], caller()
    with transaction() as session:
        rows = batches.seen(
            session,
            user_id=who.user_id,
            workgroup=who.workgroup,
            everybody=who.sees_all,
            over=asked["over"],
            before=marks.begin(asked, "batch"),
            limit=limit + 1,
        )
        found = [described(session, row) for row in rows[:limit]]
    return {
        "batches": found,
        "next": marks.following(rows[limit - 1].id if len(rows) > limit else None, "batch"),
    }


@blueprint.route("", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(MakeBatchSchema)
@blueprint.response(201, MadeBatchSchema)
def send(given: dict[str, Any]) -> Response:
    """Make a batch of strains to be assembled, or of assemblies on which a scheme is called; heads send it then."""
    response = make(given)
    response.headers["Location"] = batch_path(given["name"])
    return response


@blueprint.route("/<name>", methods=["GET"])
@blueprint.opens(*READ, refuses=(404,))
@blueprint.response(200, BatchSchema)
def show(name: str) -> dict[str, Any]:
    """Show how a batch stands, how fast it goes, and when it will be over."""
    row = visible_batch(name)
    with transaction() as session:
        return described(session, row)


def described(session: Any, row: Any) -> dict[str, Any]:
    """Return what is told of a batch."""
    return overview.of_batch(session, row) | {"url": batch_path(row.name)}


@blueprint.route("/<name>/items", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(ItemsQuery, location="query")
@blueprint.response(200, ItemsSchema)
def items(asked: dict[str, Any], name: str) -> dict[str, Any]:
    """List the items of a batch in order, each with its job and where it stands."""
    row = visible_batch(name)
    found, end = _items(row.id, marks.begin(asked, "item") or 0, set(asked.get("state", ())), asked["limit"])
    return {"items": found, "next": marks.following(end, "item")}


def _items(batch_id: int, after: int, states: set[str], limit: int) -> tuple[list[Any], int | None]:
    """Return a page of items, and the number of the last that was looked at, if others come after it."""
    found: list[Any] = []
    part = _PART if states else limit + 1
    for _ in range(LOOKED_AT // _PART):
        with transaction() as session:
            rows = batch_items.account(session, batch_id, after, part)
        for row in rows:
            if len(found) == limit:
                return found, after
            after = row.number
            if not states or row.state in states:
                found.append(row)
        if len(rows) < part:
            return found, None
    return found, after


@blueprint.route("/<name>/report", methods=["GET"])
@blueprint.opens(*READ, refuses=(404, 422))
@blueprint.arguments(ReportQuery, location="query")
@blueprint.response(200, ReportSchema)
@blueprint.alt_response(
    200, schema={"type": "string"}, content_type="text/tab-separated-values", success=True
)
def report(asked: dict[str, Any], name: str) -> Response:
    """Account for every item of a batch: summed up as JSON, or a line each as a table (`format=tsv`)."""
    row = visible_batch(name)
    if asked["format"] == "tsv":
        response = Response(stream_with_context(_lines(row.id)), content_type=TSV)
        response.headers.set("Content-Disposition", "attachment", filename=f"{row.name}.tsv")
        return response
    with transaction() as session:
        found = described(session, row)
    found["account"] = account.sum_up(account.items(row.id)).as_dict()
    return jsonify(ReportSchema().dump(found))


def _lines(batch_id: int) -> Iterator[str]:
    yield report_table.HEADING + "\n"
    for item in account.items(batch_id):
        yield report_table.line(item) + "\n"
