"""What requests and answers of uploads look like."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from crobot_tasks.web.api.schemas import Strict, Text, priority


def _object(description: str) -> fields.Dict:
    wrong: dict[str, Any] = {"invalid": "not an object with names and values"}
    return fields.Dict(keys=fields.String(), error_messages=wrong, metadata={"description": description})


class NewUploadSchema(Strict):
    """A pair of files to be uploaded, and the strain that they are of."""

    database = Text(required=True, metadata={"description": "the species"})
    strain = Text(required=True, metadata={"description": "name of the isolate"})
    metadata = _object("country, year, host … of the strain, as `crobot intake` takes them")
    read1 = Text(required=True, metadata={"description": "name of the file, without a folder"})
    read2 = Text(required=True, metadata={"description": "name of the file, without a folder"})
    params = _object("parameters of QAssembly")
    batch = Text()
    workgroup = Text(metadata={"description": "the token's own, which it is by default"})
    priority = priority()


class UploadsQuery(Strict):
    """Which uploads are listed."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 1000))
    before = fields.Integer(
        validate=validate.Range(1, 2**31 - 1), metadata={"description": "as the answer's `next` has it"}
    )


class Sha256Schema(Strict):
    """The checksum of a file, told when it is known."""

    sha256 = fields.String(
        required=True,
        validate=validate.Regexp(r"\A[0-9a-fA-F]{64}\Z", error="not 64 hexadecimal digits"),
        error_messages={"invalid": "not a text: write it in quotes"},
    )


class UploadFileSchema(Schema):
    """A file of a pair."""

    file = fields.Integer()
    mate = fields.String(metadata={"description": "read1 or read2"})
    name = fields.String()
    bytes = fields.Integer()
    received = fields.Integer(metadata={"description": "bytes that are on the disk"})
    state = fields.String(
        metadata={"description": "uploading, uploaded, checked, refused, expired or withdrawn"}
    )
    reason = fields.String(metadata={"description": "why it is refused: the file, the line, the way out"})
    sha256 = fields.String(allow_none=True, metadata={"description": "what it has; null: not known yet"})
    sha256_wanted = fields.Boolean(
        metadata={"description": "it waits for the checksum that was to come later"}
    )
    reads = fields.Integer(allow_none=True)
    url = fields.String(metadata={"description": "where tus goes on with it"})


class UploadSchema(Schema):
    """A pair of files."""

    upload = fields.Integer()
    database = fields.String()
    strain = fields.String()
    metadata = fields.Raw()
    read1 = fields.String()
    read2 = fields.String()
    state = fields.String(metadata={"description": "uploading, sent, refused, expired or withdrawn"})
    reason = fields.String(metadata={"description": "why both files are no pair"})
    job = fields.Integer(allow_none=True, metadata={"description": "the assembly job"})
    job_url = fields.String(allow_none=True)
    announced_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime(allow_none=True)
    url = fields.String()
    files_url = fields.String(metadata={"description": "where tus creates the files"})
    files = fields.List(fields.Nested(UploadFileSchema))


class UploadsSchema(Schema):
    """A page of uploads, the newest first."""

    uploads = fields.List(fields.Nested(UploadSchema))
    next = fields.String(allow_none=True, metadata={"description": "the path of the next page"})
