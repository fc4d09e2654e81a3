"""The files of a pair: begun, gone on with by one request at a time, withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import DBAPIError

import celeryconfig
import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import (
    BadInput,
    StorageFull,
    UnknownUpload,
    UploadBusy,
    UploadOffset,
    UploadOver,
    UploadTooLarge,
)
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.intake.uploads.naming import path_of
from crobot_tasks.lifecycle.storage.access import reading
from db.engine import lock, retrying, transaction
from db.system import UploadFileState, UploadState, upload_files, uploads
from workers.storage import free_bytes

MATES = ("read1", "read2")
#: how a file that nobody wants any more is told of
_OVER = {
    UploadFileState.EXPIRED: "has expired: nobody went on with it in time; begin it anew",
    UploadFileState.WITHDRAWN: "was withdrawn: begin it anew",
}
#: what PostgreSQL says when a lock does not come in time
_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(frozen=True)
class NewFile:
    """What a user says of a file."""

    name: str
    #: bytes
    length: int
    sha256: bytes | None = None
    #: the user tells the checksum when it is known
    sha256_later: bool = False


@dataclass
class Claim:
    """A file that one request writes; nobody else does, as long as the database says so."""

    file: Any
    writer: str
    #: bytes that are on the disk
    received: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return path_of(self.file)


def create(upload_id: int, user_id: int, new: NewFile) -> Any:
    """Add a file to a pair; return its row. What is there already, and is the same, is the answer.

    Raises:
        UnknownUpload: the user has no such pair.
        UploadTooLarge: for one file, or for the space of the user.
        StorageFull: it would not fit.
        BadInput: it is not one of the pair's, or it is there already.
    """
    _check_length(new)
    free = reading(lambda: free_bytes(storage_root()))
    if free < new.length:
        raise StorageFull(
            f"{new.name} has {new.length:,} bytes, and the storage takes {free:,} more: tell an operator, and try later"
        )
    return retrying(lambda: _created(upload_id, user_id, new))


def _created(upload_id: int, user_id: int, new: NewFile) -> Any:
    with transaction() as session:
        _pair(session, upload_id, user_id)
        lock(session, f"uploads of {user_id}")
        pair = uploads.locked(session, upload_id)
        mate = _mate(pair, new.name)
        there = next((file for file in upload_files.live(session, upload_id) if file.mate == mate), None)
        if there is not None:
            return _same(there, new)
        _check_space(session, user_id, new)
        if new.sha256 and (known := upload_files.same(session, user_id, new.sha256)):
            raise BadInput(said_before(new.name, known))
        uploads.touch(session, upload_id, celeryconfig.crobot_upload_expires_s)
        if pair.status == UploadState.REFUSED:
            uploads.set_status(session, upload_id, UploadState.UPLOADING)
        owner = {"upload_id": upload_id, "user_id": user_id, "mate": mate}
        told = {"name": new.name, "length": new.length}
        sums = {"sha256_given": new.sha256, "sha256_later": new.sha256_later}
        return upload_files.add(session, owner | told | sums)


def said_before(name: str, known: Any) -> str:
    """Say that a file is another one of the user's."""
    return (
        f"{name} has the same content as {known.name}, which you have uploaded for the strain {known.strain!r} "
        f"(upload {known.upload_id}): choose the right file"
    )


def find(file_id: int, upload_id: int, user_id: int) -> Any:
    """Return a file of this user.

    Raises:
        UnknownUpload: there is none, or it is somebody else's.
    """
    with transaction() as session:
        return _file(session, file_id, upload_id, user_id)


def begin(file_id: int, upload_id: int, user_id: int, offset: int) -> Claim:
    """Have a file, to write from ``offset`` on.

    Raises:
        UnknownUpload, UploadOver: it is not there; not any more.
        BadInput: it was refused.
        UploadOffset: it does not go on there.
        UploadBusy: another request is writing it.
    """
    with _not_for_ever(file_id, upload_id, user_id), transaction() as session:
        _file(session, file_id, upload_id, user_id)
        uploads.locked(session, upload_id)
        file = upload_files.locked(session, file_id)
        check_live(file)
        if file.is_written:
            raise UploadBusy(
                f"another request is writing {file.name}: wait for it, or ask by HEAD, which ends it",
                file.received,
            )
        if file.received != offset:
            raise UploadOffset(
                f"{file.name} has {file.received:,} bytes, and goes on there, not at {offset:,}",
                file.received,
            )
        claim = Claim(file, str(uuid4()), file.received)
        upload_files.take(session, file_id, claim.writer)
        uploads.touch(session, upload_id, celeryconfig.crobot_upload_expires_s)
        return claim


def take_over(file_id: int, upload_id: int, user_id: int) -> Any:
    """Return a file, and take it from the request that is writing it: its connection may be lost, unknown to us.

    Raises:
        UnknownUpload, UploadOver: it is not there; not any more.
    """
    with _not_for_ever(file_id, upload_id, user_id), transaction() as session:
        _file(session, file_id, upload_id, user_id)
        file = upload_files.locked(session, file_id)
        if file.state in _OVER:
            check_live(file)
        if file.state == UploadFileState.UPLOADING:
            upload_files.free(session, file_id)
        return _file(session, file_id, upload_id, user_id)


def withdraw(file_id: int, upload_id: int, user_id: int) -> None:
    """End a file that the user does not want; another one may take its place.

    Raises:
        UnknownUpload, UploadOver: it is not there; not any more.
        BadInput: its strain has it.
    """
    with _not_for_ever(file_id, upload_id, user_id), transaction() as session:
        _file(session, file_id, upload_id, user_id)
        pair = uploads.locked(session, upload_id)
        file = upload_files.locked(session, file_id)
        if file.state in _OVER:
            check_live(file)
        if pair.status == UploadState.SENT:
            raise BadInput(
                f"{file.name} belongs to the strain {pair.strain!r} by now: it cannot be withdrawn"
            )
        upload_files.end_one(session, file_id, UploadFileState.WITHDRAWN)
        if pair.status == UploadState.REFUSED:
            uploads.set_status(session, upload_id, UploadState.UPLOADING)


def check_live(file: Any) -> None:
    """Raises: UploadOver, BadInput, if nothing can be written to a file any more."""
    if file.state in _OVER:
        raise UploadOver(f"{file.name} {_OVER[file.state]}")
    if file.state == UploadFileState.REFUSED:
        raise BadInput(f"{file.name} was refused: {file.reason}")


def _check_length(new: NewFile) -> None:
    if new.length == 0:
        raise BadInput(f"{new.name} is empty: choose a file with reads")
    if new.length > celeryconfig.crobot_upload_bytes:
        raise UploadTooLarge(
            f"{new.name} has {new.length:,} bytes, and a file may have {celeryconfig.crobot_upload_bytes:,}: "
            "send fewer reads; a depth of 200 is all that is used"
        )


def _check_space(session: Any, user_id: int, new: NewFile) -> None:
    used, most = upload_files.live_bytes(session, user_id), celeryconfig.crobot_upload_quota_bytes
    if used + new.length > most:
        raise UploadTooLarge(
            f"{new.name} has {new.length:,} bytes, and your unsent files {used:,} of {most:,}: finish or withdraw some"
        )


def _mate(pair: Any, name: str) -> int:
    """Return which file of an open pair is meant."""
    if pair.status not in (UploadState.UPLOADING, UploadState.REFUSED):
        raise UploadOver(f"the upload {pair.id} is {pair.status}: begin another one")
    if name not in pair.file_names:
        raise BadInput(
            f"{name!r:.200} is no file of the upload {pair.id}: its files are {' and '.join(pair.file_names)}"
        )
    return int(pair.file_names.index(name)) + 1


def _same(there: Any, new: NewFile) -> Any:
    said = None if there.sha256_given is None else bytes(there.sha256_given)
    if (there.length, said, there.sha256_later) == (new.length, new.sha256, new.sha256_later):
        return there
    raise BadInput(
        f"{new.name} is there, with {there.length:,} bytes and in the state {there.state!r}: go on with that one, or "
        "end it by DELETE before you begin another"
    )


def _pair(session: Any, upload_id: int, user_id: int) -> Any:
    found = uploads.find(session, upload_id, user_id) if upload_id < 2**31 else None
    if found is None:
        raise UnknownUpload(f"there is no upload {upload_id} of yours")
    return found


def _file(session: Any, file_id: int, upload_id: int, user_id: int) -> Any:
    _pair(session, upload_id, user_id)
    found = upload_files.find(session, file_id, upload_id, user_id) if file_id < 2**63 else None
    if found is None:
        raise UnknownUpload(f"the upload {upload_id} has no file {file_id}")
    return found


@contextmanager
def _not_for_ever(file_id: int, upload_id: int, user_id: int) -> Iterator[None]:
    """Tell whoever waits too long for a request that is writing a piece."""
    try:
        yield
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != _LOCK_NOT_AVAILABLE:
            raise
        file = find(file_id, upload_id, user_id)
        raise UploadBusy(f"another request is just writing {file.name}: try again", file.received) from error
