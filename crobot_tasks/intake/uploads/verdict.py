"""What is found of a file that has arrived: it is checked, refused, or waits for what the user is yet to say."""

from __future__ import annotations

import logging
from typing import Any

from crobot_errors import BadInput, BadReads
from crobot_tasks.intake.uploads.assembling import file_upload_success
from crobot_tasks.intake.uploads.files import Claim, find, said_before
from db.engine import is_away, lock, retrying, transaction
from db.system import UploadFileState, upload_files
from workers.short_reads.arriving import Arrived, ArrivingReads

log = logging.getLogger(__name__)

#: longest reason that is kept, in characters
_REASON = 1_000


def refuse(claim: Claim, reason: str) -> bool:
    """Note why a file is refused; return whether it is still this writer's."""

    def note() -> bool:
        with transaction() as session:
            if not upload_files.hold(session, claim.file.id, claim.writer, claim.received):
                return False
            upload_files.set_refused(session, claim.file.id, reason[:_REASON])
            return True

    return retrying(note)


def arrived(claim: Claim, checker: ArrivingReads | None) -> None:
    """Judge a file whose bytes are all there, if its checker has seen all; otherwise a head reads it.

    Raises:
        BadReads: it is refused, or is no mate of the other file.
    """
    try:
        if checker is None or checker.received != claim.file.length:
            let_go(claim)
            return
        try:
            found = checker.end()
        except BadReads as error:
            refuse(claim, str(error))
            raise
        judge(claim, found)
    except BadInput:
        raise
    # The bytes are there, and a head does this again.
    except Exception as error:
        if not is_away(error):
            log.exception("the file %d cannot be judged, and will be by a head", claim.file.id)
        else:
            log.warning("the file %d will be judged when the database is back: %s", claim.file.id, error)
        let_go(claim)


def judge(claim: Claim, found: Arrived) -> None:
    """Note what a file is, and whether it is what the user meant; the last one of a pair has its strain assembled.

    Raises:
        BadReads: it is refused, or is no mate of the other file.
    """
    sha256 = bytes.fromhex(found.sha256)

    def note() -> str | None:
        with transaction() as session:
            _one_at_a_time(session, claim.file.user_id)
            if not upload_files.hold(session, claim.file.id, claim.writer, claim.file.length):
                return None
            file = upload_files.locked(session, claim.file.id)
            upload_files.set_found(session, file.id, sha256, found.reads)
            return _decide(session, file, sha256)

    if (why := retrying(note)) is not None:
        _tell(claim.file.upload_id, why)


def say_sha256(file_id: int, upload_id: int, user_id: int, sha256: bytes) -> Any:
    """Take the checksum that the user was to tell at the end; return the file.

    Raises:
        UnknownUpload: there is no such file.
        BadInput: another one was said before.
        BadReads: it is refused, or is no mate of the other file.
    """

    def note() -> str | None:
        with transaction() as session:
            _one_at_a_time(session, user_id)
            found = upload_files.find(session, file_id, upload_id, user_id)
            file = upload_files.locked(session, file_id) if found is not None else None
            said = None if file is None or file.sha256_given is None else bytes(file.sha256_given)
            if file is None or said == sha256:
                return None
            if said is not None or file.state not in LIVE:
                raise BadInput(
                    f"{file.name} is {file.state}, and its sha256 is known: end it by DELETE, and begin it anew"
                )
            upload_files.set_sha256(session, file_id, sha256)
            if file.state != UploadFileState.UPLOADED or file.sha256 is None:
                return None
            return _decide(session, upload_files.locked(session, file_id), bytes(file.sha256))

    find(file_id, upload_id, user_id)
    if (why := retrying(note)) is not None:
        _tell(upload_id, why)
    return find(file_id, upload_id, user_id)


#: a file in one of these may be told more of
LIVE = (UploadFileState.UPLOADING, UploadFileState.UPLOADED)


def _one_at_a_time(session: Any, user_id: int) -> None:
    """Let one file of a user be judged after the other: two that are the same see each other."""
    lock(session, f"uploads of {user_id}")


def _tell(upload_id: int, why: str) -> None:
    if why:
        raise BadReads(why)
    file_upload_success(upload_id)


def _decide(session: Any, file: Any, sha256: bytes) -> str | None:
    """Note the verdict; return why a file is refused, empty if it is right, None if it waits."""
    if file.sha256_later:
        upload_files.free(session, file.id)
        return None
    why = _why_not(session, file, sha256)[:_REASON]
    if why:
        upload_files.set_refused(session, file.id, why)
    else:
        upload_files.set_checked(session, file.id)
    return why


def _why_not(session: Any, file: Any, sha256: bytes) -> str:
    said = sha256 if file.sha256_given is None else bytes(file.sha256_given)
    if said != sha256:
        return (
            f"{file.name} has arrived with the sha256 {sha256.hex()}, and was said to have {said.hex()}: was the right "
            "file chosen? Upload it again"
        )
    for other in upload_files.live(session, file.upload_id):
        if other.id != file.id and other.sha256 is not None and bytes(other.sha256) == sha256:
            return f"{file.name} and {other.name} are the same file: choose read1 and read2 of one run"
    known = upload_files.same(session, file.user_id, sha256, file.id)
    return said_before(file.name, known) if known is not None else ""


def let_go(claim: Claim) -> None:
    """Let others have a file; if that cannot be noted, a HEAD takes it over at once, and anybody in a minute."""
    try:
        with transaction() as session:
            upload_files.release(session, claim.file.id, claim.writer)
    # What the request met is told, not this.
    except Exception as error:  # noqa: BLE001
        log.warning("the file %d cannot be let go: %s", claim.file.id, error)
