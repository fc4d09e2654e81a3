"""Heads tend uploads: files that nobody has judged yet, pairs that were not sent, what nobody goes on with."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from functools import partial
from uuid import uuid4

from crobot_errors import BadInput, BadReads, ServiceError
from crobot_tasks.celery import app
from crobot_tasks.intake.uploads import verdict
from crobot_tasks.intake.uploads.assembling import assemble_user_uploads
from crobot_tasks.intake.uploads.files import Claim
from crobot_tasks.intake.uploads.naming import folder_of
from crobot_tasks.lifecycle.storage.access import reading
from crobot_tasks.lifecycle.storage.mark import why_unusable
from db.engine import transaction
from db.system import UploadFileState, upload_files, uploads
from workers.short_reads.arriving import Arrived, ArrivingReads

log = logging.getLogger(__name__)

#: bytes that are read at a time
_READ = 2**22
#: so often the row hears that its file is being read; a tenth of what is taken for dead
_ALIVE_S = 6.0
#: one thread of a head reads; the others go on with jobs
_busy = threading.Lock()


@app.task(name="crobot.tend_uploads", ignore_result=True, send_events=False)
def tend_uploads() -> None:
    """Do what is due; any number of heads may do so at once."""
    with transaction() as session:
        expired = uploads.expire(session)
        upload_files.end_all(session, expired, UploadFileState.EXPIRED)
    for upload_id in expired:
        log.info("the upload %d has expired: nobody went on with it in time", upload_id)
    if away := why_unusable():
        log.warning("uploads wait: %s", away)
        return
    _remove()
    _send_left_over()
    if _busy.acquire(blocking=False):
        try:
            _judge_left_over()
        finally:
            _busy.release()


def _remove() -> None:
    """Remove the bytes of what is over; a row tells until they are gone."""
    with transaction() as session:
        over = upload_files.to_remove(session)
    for file in over:
        folder = folder_of(file)
        reading(partial(shutil.rmtree, folder, ignore_errors=True))
        if reading(folder.exists):
            log.warning("the folder %s of an upload that is over cannot be removed", folder)
            continue
        with transaction() as session:
            upload_files.set_removed(session, file.id)


def _send_left_over() -> None:
    with transaction() as session:
        ready = uploads.ready(session)
    for upload_id in ready:
        try:
            assemble_user_uploads(upload_id)
        except BadInput as error:
            log.info("the upload %d is refused: %s", upload_id, error)
        except ServiceError:
            raise
        # Whatever one meets, the others go on.
        except Exception:
            log.exception("the upload %d cannot be sent", upload_id)


def _judge_left_over() -> None:
    while claim := _next():
        try:
            verdict.judge(claim, _found(claim))
        except BadReads as error:
            verdict.refuse(claim, str(error))
            log.info("the file %d of an upload is refused: %s", claim.file.id, error)
        except BadInput as error:
            log.info("the file %d of an upload is refused: %s", claim.file.id, error)
        except OSError as error:
            # The claim grows old, and then somebody tries again.
            log.warning("the file %d of an upload cannot be read: %s", claim.file.id, error)
            return


def _next() -> Claim | None:
    writer = str(uuid4())
    with transaction() as session:
        file = upload_files.claim_uploaded(session, writer)
    return None if file is None else Claim(file, writer, file.length)


def _found(claim: Claim) -> Arrived:
    """Return what a file is; what was found before is not read again."""
    if claim.file.sha256 is not None:
        return Arrived(bytes(claim.file.sha256).hex(), claim.file.reads)
    checker = ArrivingReads(claim.file.name)
    told = time.monotonic()
    with claim.path.open("rb") as file:
        while data := reading(partial(file.read, _READ)):
            checker.add(data)
            if time.monotonic() - told > _ALIVE_S:
                _tell_alive(claim)
                told = time.monotonic()
    _check_length(claim, checker.received)
    return checker.end()


def _check_length(claim: Claim, there: int) -> None:
    if there != claim.file.length:
        raise BadReads(
            f"{claim.file.name}: the storage has {there:,} of its {claim.file.length:,} bytes: upload it again"
        )


def _tell_alive(claim: Claim) -> None:
    with transaction() as session:
        upload_files.hold(session, claim.file.id, claim.writer, claim.file.length)
