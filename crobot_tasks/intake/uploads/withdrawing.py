"""A pair that its user does not want any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, UnknownUpload
from db.engine import transaction
from db.system import UploadFileState, UploadState, upload_files, uploads


def withdraw_pair(upload_id: int, user_id: int) -> tuple[Any, Sequence[Any]]:
    """End a pair and its files; heads remove the bytes. Return both as they are then.

    Raises:
        UnknownUpload: the user has no such pair.
        BadInput: its strain has the files by now.
    """
    with transaction() as session:
        found = uploads.find(session, upload_id, user_id) if upload_id < 2**31 else None
        if found is None:
            raise UnknownUpload(f"there is no upload {upload_id} of yours")
        pair = uploads.locked(session, upload_id)
        if pair.status == UploadState.SENT:
            raise BadInput(
                f"the upload {upload_id} was sent, and belongs to the strain {pair.strain!r} by now: cancel its job "
                f"{pair.job_id} instead"
            )
        if pair.status != UploadState.EXPIRED:
            upload_files.end_all(session, [upload_id], UploadFileState.WITHDRAWN)
            uploads.set_status(session, upload_id, UploadState.WITHDRAWN)
        return uploads.locked(session, upload_id), upload_files.of_uploads(session, [upload_id])
