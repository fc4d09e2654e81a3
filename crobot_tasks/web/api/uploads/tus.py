"""The server of tus 1.0: core, creation, creation-with-upload, checksum, expiration, termination."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime
from functools import wraps
from typing import Any

from flask import Response, request

import celeryconfig
from crobot_errors import ChecksumDiffers, UploadBusy, UploadOffset
from crobot_tasks.intake.uploads import files, receiving, verdict
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import changes
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.blueprint import Blueprint
from crobot_tasks.web.api.paths import ROOT
from crobot_tasks.web.api.problems import Problem
from crobot_tasks.web.api.uploads import headers, streams
from crobot_tasks.web.api.uploads.describing import described_file, file_path
from crobot_tasks.web.api.uploads.schemas import Sha256Schema, UploadFileSchema
from db.engine import transaction

OVERRIDE = "X-HTTP-Method-Override"
_REFUSES = (400, 404, 409, 410, 412, 413, 415, 422, 423)
_FILE = "/<int:file_id>"


def _header(name: str, description: str, required: bool = True) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"in": "header", "name": name, "required": required, "schema": schema, "description": description}


_TUS = _header("Tus-Resumable", headers.VERSION)
_OFFSET = _header("Upload-Offset", "how many bytes of the file are there")
_CHECKSUM = _header(
    "Upload-Checksum", f"{', '.join(headers.CHECKSUMS)}, and the sum as base64", required=False
)
_NEW = [
    _TUS,
    _header("Upload-Length", "bytes of the whole file"),
    _header("Upload-Metadata", "filename, and sha256 (or `later`), each with its value as base64"),
    _CHECKSUM,
]
_BYTES = {"content": {headers.CONTENT_TYPE: {"schema": {"type": "string", "format": "binary"}}}}

blueprint = Blueprint(
    "crobot-tus",
    url_prefix=f"{ROOT}/uploads/<int:upload_id>/files",
    description="The bytes of uploads, by tus 1.0 (https://tus.io/protocols/resumable-upload).",
)


@blueprint.after_request
def _say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = headers.VERSION
    response.headers["Cache-Control"] = "no-store"
    return response


def _speaks_tus(view: Callable[..., Response]) -> Callable[..., Response]:
    """Refuse other versions, and say what is wrong as tus has it; a body that is refused is read on for a while."""

    @wraps(view)
    def answered(*args: Any, **kwargs: Any) -> Response:
        request.max_content_length = None
        try:
            headers.check_version()
            return view(*args, **kwargs)
        except receiving.ConnectionLost as error:
            raise Problem(400, "the connection was lost: go on where HEAD says") from error
        except Exception as error:
            streams.read_on()
            if isinstance(error, UploadOffset):
                raise _at_offset(error) from error
            if isinstance(error, ChecksumDiffers):
                raise Problem(460, str(error), kind="ChecksumDiffers") from error
            raise

    return answered


def _at_offset(error: UploadOffset) -> Problem:
    return Problem(
        423 if isinstance(error, UploadBusy) else 409,
        str(error),
        headers={"Upload-Offset": str(error.received)},
        kind=type(error).__name__,
    )


@blueprint.route("", methods=["OPTIONS"], provide_automatic_options=False)
@blueprint.opens(refuses=(404,))
@blueprint.response(204)
def offers(upload_id: int) -> Response:
    """Say what this server of tus can do."""
    return Response(
        status=204,
        headers={
            "Tus-Version": headers.VERSION,
            "Tus-Extension": headers.EXTENSIONS,
            "Tus-Max-Size": str(celeryconfig.crobot_upload_bytes),
            "Tus-Checksum-Algorithm": ",".join(headers.CHECKSUMS),
        },
    )


@blueprint.route("", methods=["POST"], provide_automatic_options=False)
@blueprint.opens(Scope.UPLOADS_SEND, refuses=_REFUSES)
@blueprint.doc(parameters=_NEW)
@blueprint.response(201)
@_speaks_tus
def create(upload_id: int) -> Response:
    """Create a file of the pair, with Upload-Length and Upload-Metadata (filename, sha256); a body is its beginning."""
    new = headers.new_file()
    file = files.create(upload_id, caller().user_id, new)
    _note("upload file")
    response = Response(status=201, headers={"Location": file_path(file)})
    received = file.received
    if request.mimetype == headers.CONTENT_TYPE:
        if received == 0:
            received = _write(upload_id, file.id, 0)
        else:
            streams.read_on()
    return _told(response, upload_id, file.id, received)


@blueprint.route(_FILE, methods=["GET"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=(404, 410, 412, 423))
@blueprint.response(200, UploadFileSchema)
def show(upload_id: int, file_id: int) -> Any:
    """Show a file; by HEAD as tus asks, which ends a request that is writing it: its connection may be lost."""
    if request.method != "HEAD":
        return described_file(files.find(file_id, upload_id, caller().user_id))
    return _asked(upload_id, file_id)


@_speaks_tus
def _asked(upload_id: int, file_id: int) -> Response:
    file = files.take_over(file_id, upload_id, caller().user_id)
    response = Response(
        status=200,
        headers={"Upload-Length": str(file.length), "Upload-Metadata": headers.encoded_metadata(file)},
    )
    return _told(response, upload_id, file_id, file.received)


@blueprint.route(_FILE, methods=["PATCH"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=_REFUSES)
@blueprint.doc(parameters=[_TUS, _OFFSET, _CHECKSUM], requestBody=_BYTES)
@blueprint.response(204)
@_speaks_tus
def append(upload_id: int, file_id: int) -> Response:
    """Send bytes of a file, from Upload-Offset on; the last one has it judged, and the pair sent."""
    if request.mimetype != headers.CONTENT_TYPE:
        raise Problem(415, f"the body is {request.mimetype or 'of no type'!r}: send {headers.CONTENT_TYPE}")
    received = _write(upload_id, file_id, headers.number("Upload-Offset"))
    return _told(Response(status=204), upload_id, file_id, received)


@blueprint.route(_FILE, methods=["DELETE"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=(404, 410, 412, 422, 423))
@blueprint.doc(parameters=[_TUS])
@blueprint.response(204)
@_speaks_tus
def withdraw(upload_id: int, file_id: int) -> Response:
    """Withdraw a file that is not sent; another one may take its place."""
    files.withdraw(file_id, upload_id, caller().user_id)
    _note("withdraw file")
    return Response(status=204)


@blueprint.route(_FILE, methods=["POST"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=_REFUSES)
@blueprint.doc(parameters=[_TUS, _header(OVERRIDE, "PATCH or DELETE")])
@blueprint.response(204)
@_speaks_tus
def overridden(upload_id: int, file_id: int) -> Response:
    """Do what X-HTTP-Method-Override says, for clients that can only POST."""
    methods = {"PATCH": append, "DELETE": withdraw}
    given = request.headers.get(OVERRIDE, "")
    if given not in methods:
        raise Problem(
            400, f"{OVERRIDE} is {given!r:.80}: send PATCH or DELETE, or use these methods themselves"
        )
    answer: Response = methods[given](upload_id, file_id)
    return answer


@blueprint.route(f"{_FILE}/sha256", methods=["PUT"])
@blueprint.opens(Scope.UPLOADS_SEND, refuses=(400, 404, 409, 413, 415, 422))
@blueprint.arguments(Sha256Schema)
@blueprint.response(200, UploadFileSchema)
def say_sha256(given: dict[str, Any], upload_id: int, file_id: int) -> dict[str, Any]:
    """Tell the checksum of a file whose metadata said `sha256 later`; a file that is there is judged at once."""
    sha256 = bytes.fromhex(given["sha256"])
    _note("tell sha256")
    return described_file(verdict.say_sha256(file_id, upload_id, caller().user_id, sha256))


def _note(action: str) -> None:
    with transaction() as session:
        changes.note(session, action)


def _write(upload_id: int, file_id: int, offset: int) -> int:
    """Write the body; return how many bytes of the file there are."""
    checksum = headers.checksum()
    with streams.one_of_few():
        claim = files.begin(file_id, upload_id, caller().user_id, offset)
        receiving.receive(claim, streams.Body().read, checksum, request.content_length)
        return claim.received


def _told(response: Response, upload_id: int, file_id: int, received: int) -> Response:
    response.headers["Upload-Offset"] = str(received)
    file = files.find(file_id, upload_id, caller().user_id)
    if file.expires_at is not None:
        response.headers["Upload-Expires"] = format_datetime(file.expires_at, usegmt=True)
    return response
