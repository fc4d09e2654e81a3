"""`POST /head/submit` and `PUT /api/v1.0/assemble`: the ways in that the original's web app knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, request
from marshmallow import ValidationError

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.batches import choosing
from crobot_tasks.jobs import AssemblyJob
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import body, items, sending
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.answers import SentManySchema, SentSchema
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER, Done, change
from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.items import Sent
from crobot_tasks.web.api.jobs import SENDS
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem, wrong_fields
from crobot_tasks.web.api.schemas import AssembleSchema, SubmitSchema
from db.engine import transaction
from db.species import Trace
from db.species.traces import paired_traces_of_strains

#: the form field that has the job, as the original's web app posts it
FORM_FIELD = "SUBMIT"

blueprint = Blueprint("crobot-original", description="As the original's web app submits jobs.")
_FORM = {"type": "object", "required": [FORM_FIELD], "properties": {FORM_FIELD: {"type": "string"}}}
_BODY = {
    "required": True,
    "content": {
        "application/json": {"schema": SubmitSchema},
        "application/x-www-form-urlencoded": {"schema": _FORM},
    },
}


@blueprint.route("/head/submit", methods=["POST"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER], requestBody=_BODY)
@blueprint.response(201, SentSchema)
@blueprint.alt_response(200, schema=SentSchema, description="Nothing new was sent", success=True)
def submit() -> Response:
    """Send a job of a pipeline: as JSON, or as JSON in the form field SUBMIT."""
    body.read()
    given = _of_form() if request.form else body.body()
    try:
        item = SubmitSchema().load(given)
    except ValidationError as error:
        raise wrong_fields(error.messages, given) from error
    return sending.send([item], many=False)


def _of_form() -> Any:
    """Return the job that a form has, in its one field."""
    fields = list(request.form.items(multi=True))
    if [name for name, _ in fields] != [FORM_FIELD]:
        known = f"the form has one field, {FORM_FIELD}, with the job as JSON"
        wrong = [Field(name, text[:200], known) for name, text in fields if name != FORM_FIELD]
        raise Problem(422, known, wrong or [Field(FORM_FIELD, None, f"it is there {len(fields)} times")])
    return body.json_of(fields[0][1])


@blueprint.route(f"{ROOT}/assemble", methods=["PUT"])
@blueprint.opens(Scope.JOBS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(AssembleSchema)
@blueprint.response(201, SentManySchema)
@blueprint.alt_response(200, schema=SentManySchema, description="Nothing new was sent", success=True)
def assemble(given: dict[str, Any]) -> Response:
    """Assemble the reads of strains, or runs of the read archive; all are sent, or none."""
    if "accessions" in given:
        return sending.send(_runs(given), many=True)
    items.check_workgroup(given, caller())
    return change("send", lambda: _assembled(given), check=lambda: sending.check_callbacks([given]))


def _runs(given: dict[str, Any]) -> list[dict[str, Any]]:
    if not celeryconfig.crobot_archive_url:
        raise BadInput("no read archive is configured: send the files of the reads")
    shared = {name: value for name, value in given.items() if name != "accessions"}
    return [
        shared | {"strain": accession, "reads": [[accession]]}
        for accession in dict.fromkeys(given["accessions"])
    ]


def _assembled(given: dict[str, Any]) -> Done:
    """Send the jobs of strains that are there, in the transaction that is open."""
    database = given["database"]
    choosing.check_assembly(database, given.get("params") or {})
    with transaction(database) as session:
        barcodes = _barcodes(database, given["strains"])
        traces = paired_traces_of_strains(session, barcodes)
        sent = [_sent(given, barcode, traces.get(barcode, ())) for barcode in barcodes]
    return sending.done(sent, many=True)


def _barcodes(database: str, strains: Sequence[str]) -> list[str]:
    chosen = list(choosing.strains(database, strains))
    if reasons := [item["skipped"] for item in chosen if item["skipped"]]:
        more = f"; and {len(reasons) - 3} more" if len(reasons) > 3 else ""
        raise BadInput("; ".join(reasons[:3]) + more)
    return [item["key"] for item in chosen]


def _sent(given: dict[str, Any], barcode: str, traces: Sequence[Trace]) -> Sent:
    if not traces:
        raise BadInput(f"the strain {barcode} has no paired-end reads of Illumina")
    job = AssemblyJob(
        database=given["database"],
        trace_ids=[trace.id for trace in traces],
        traces=traces,
        params=given.get("params"),
        user_id=caller().user_id,
        workgroup=caller().workgroup,
        batch=given.get("batch", ""),
        priority=given.get("priority"),
    )
    job.send_job(again=given.get("again", False))
    sent = Sent(job.number, job.joined, job.cached)
    items.post_outcome(sent, given, caller())
    return sent
