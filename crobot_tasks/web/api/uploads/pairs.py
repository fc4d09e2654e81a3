"""`/api/v1.0/uploads`: pairs of files with the metadata of their strain: announced, listed, shown, withdrawn."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, request

from crobot_errors import UnknownUpload
from crobot_tasks.batches import choosing
from crobot_tasks.intake.uploads import new, withdrawing
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import items
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.changes import PARAMETER, Done, change
from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.uploads.describing import described
from crobot_tasks.web.api.uploads.schemas import NewUploadSchema, UploadSchema, UploadsQuery, UploadsSchema
from db.engine import transaction
from db.system import upload_files, uploads

SENDS = (400, 409, 413, 415, 422)
_JOB = ("batch", "priority", "params")
#: numbers above are no upload's
_LAST = 2**31 - 1

blueprint = Blueprint(
    "crobot-uploads",
    url_prefix=f"{ROOT}/uploads",
    description="Reads are uploaded in pairs, each with the metadata of its strain.",
)


@blueprint.route("", methods=["POST"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=SENDS)
@blueprint.doc(parameters=[PARAMETER])
@blueprint.arguments(NewUploadSchema)
@blueprint.response(201, UploadSchema)
def announce(given: dict[str, Any]) -> Response:
    """Announce a pair of files; then create each at `files`, by tus."""
    return change("upload", partial(_announced, given), partial(_check, given))


def _check(given: dict[str, Any]) -> None:
    items.check_workgroup(given, caller())
    choosing.check_assembly(given["database"], given.get("params") or {})


def _announced(given: dict[str, Any]) -> Done:
    wanted = {name: given[name] for name in _JOB if name in given}
    try:
        pair = new.new_pair(
            user_id=caller().user_id,
            database=given["database"],
            strain=given["strain"],
            metadata=given.get("metadata") or {},
            names=(given["read1"], given["read2"]),
            request=wanted | {"workgroup": caller().workgroup},
        )
    except new.WrongField as error:
        raise Problem(422, str(error), [Field(error.field, None, str(error))], kind="BadInput") from error
    return Done(201, UploadSchema().dump(described(pair, [])), [])


@blueprint.route("", methods=["GET"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=(422,))
@blueprint.arguments(UploadsQuery, location="query")
@blueprint.response(200, UploadsSchema)
def list_(asked: dict[str, Any]) -> dict[str, Any]:
    """List own uploads, the newest first."""
    limit = asked["limit"]
    with transaction() as session:
        found = uploads.listing(session, caller().user_id, asked.get("before", _LAST), limit + 1)
        files = upload_files.of_uploads(session, [pair.id for pair in found])
    shown = found[:limit]
    more = f"{request.path}?limit={limit}&before={shown[-1].id}" if len(found) > limit else None
    told = [described(pair, [file for file in files if file.upload_id == pair.id]) for pair in shown]
    return {"uploads": told, "next": more}


@blueprint.route("/<int:upload_id>", methods=["GET"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=(404,))
@blueprint.response(200, UploadSchema)
def show(upload_id: int) -> dict[str, Any]:
    """Show an own upload: where it and each of its files stand, and why something is refused."""
    with transaction() as session:
        pair = uploads.find(session, upload_id, caller().user_id) if upload_id <= _LAST else None
        if pair is None:
            raise UnknownUpload(f"there is no upload {upload_id} of yours")
        return described(pair, upload_files.of_uploads(session, [upload_id]))


@blueprint.route("/<int:upload_id>", methods=["DELETE"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=(404, 409, 422))
@blueprint.doc(parameters=[PARAMETER])
@blueprint.response(200, UploadSchema)
def withdraw(upload_id: int) -> Response:
    """Withdraw an own upload that has not been sent; its files are removed."""

    def withdrawn() -> Done:
        pair, files = withdrawing.withdraw_pair(upload_id, caller().user_id)
        return Done(200, UploadSchema().dump(described(pair, files)), [])

    return change("withdraw upload", withdrawn)
