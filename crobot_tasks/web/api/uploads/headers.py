"""The headers of tus 1.0: read strictly, so that whatever comes in is a number, a name or a checksum."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from flask import request

from crobot_errors import BadInput
from crobot_tasks.intake.uploads.files import NewFile
from crobot_tasks.intake.uploads.naming import checked_file_name
from crobot_tasks.intake.uploads.receiving import Checksum
from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.problems import Problem

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
#: what the bytes of a file are sent as
CONTENT_TYPE = "application/offset+octet-stream"
CHECKSUMS: Mapping[str, Any] = {"sha256": hashlib.sha256, "sha1": hashlib.sha1, "md5": hashlib.md5}
#: of a checksum that is told at the end
LATER = "later"
_NUMBER = re.compile(r"[0-9]{1,18}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def check_version() -> None:
    """Raises: Problem, if the client speaks another version of tus, or none."""
    given = request.headers.get("Tus-Resumable")
    if given != VERSION:
        raise Problem(
            412,
            f"Tus-Resumable is {given!r:.80}: send Tus-Resumable: {VERSION}",
            headers={"Tus-Version": VERSION},
        )


def number(name: str) -> int:
    """Return a header that is a whole number.

    Raises:
        Problem: it is missing, or none.
    """
    given = request.headers.get(name)
    if given is None or not _NUMBER.fullmatch(given):
        raise _wrong(name, given, "send a whole number of bytes")
    return int(given)


def new_file() -> NewFile:
    """Return what Upload-Length and Upload-Metadata say of a file.

    Raises:
        Problem: they cannot be read.
        BadInput: a name or a checksum that cannot be.
    """
    if "Upload-Defer-Length" in request.headers:
        raise _wrong("Upload-Defer-Length", "", "send Upload-Length instead: the space is checked before")
    length, told = number("Upload-Length"), metadata()
    name = told.get("filename") or told.get("name")
    if name is None:
        raise _wrong("Upload-Metadata", None, "send the name of the file: filename, and the name as base64")
    sha256 = told.get("sha256", "")
    later = sha256 == LATER
    return NewFile(checked_file_name(name), length, None if later else checked_sha256(sha256), later)


def checked_sha256(text: str) -> bytes | None:
    """Return a sha256 as bytes; None for an empty one.

    Raises:
        BadInput: it is none.
    """
    if text and not _SHA256.fullmatch(text):
        raise BadInput(
            f"{text!r:.80} is no sha256: write 64 hexadecimal digits, or {LATER!r} to tell it at the end"
        )
    return bytes.fromhex(text) or None


def metadata() -> dict[str, str]:
    """Return Upload-Metadata: pairs of a key and a value as base64; keys that are not known are the client's own.

    Raises:
        Problem: it cannot be read.
    """
    given = request.headers.get("Upload-Metadata", "")
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in given.split(","))):
        key, _, value = part.partition(" ")
        try:
            text = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _wrong(
                "Upload-Metadata", part, "write a key, a blank, and its value in UTF-8 as base64"
            ) from error
        if key in found:
            raise _wrong("Upload-Metadata", key, "the key is there twice: send it once")
        found[key] = text
    return found


def checksum() -> Checksum | None:
    """Return what Upload-Checksum says; None if it says nothing.

    Raises:
        Problem: it cannot be read, or is of another kind.
    """
    given = request.headers.get("Upload-Checksum")
    if given is None:
        return None
    kind, _, value = given.partition(" ")
    try:
        expected = base64.b64decode(value, validate=True)
        digest = CHECKSUMS[kind]()
    except (KeyError, binascii.Error) as error:
        raise _wrong(
            "Upload-Checksum", given, f"send one of {', '.join(CHECKSUMS)}, and it as base64"
        ) from error
    return Checksum(digest, expected)


def encoded_metadata(file: Any) -> str:
    """Return what was said of a file, as it was said."""
    said = {"filename": file.name}
    if file.sha256_given is not None:
        said["sha256"] = bytes(file.sha256_given).hex()
    return ",".join(f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in said.items())


def _wrong(name: str, value: str | None, detail: str) -> Problem:
    return Problem(
        400, f"{name}: {detail}", [Field(name, None if value is None else f"{value!r:.200}", detail)]
    )
