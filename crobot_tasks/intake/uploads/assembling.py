"""A pair whose files are right becomes a strain with its metadata, a read set and an assembly job: all at once."""

from __future__ import annotations

from functools import partial
from typing import Any

from crobot_errors import BadInput, BadReads
from crobot_tasks.broker.folders import roots, storage_root
from crobot_tasks.intake.uploads.naming import path_of
from crobot_tasks.jobs import AssemblyJob
from crobot_tasks.lifecycle.storage.access import reading
from db.engine import retrying, transaction
from db.species.new_reads import NewReads, add_reads
from db.species.strains import find_trace
from db.system import UploadFileState, UploadState, upload_files, uploads
from workers.short_reads.reads import checked_pair
from workers.storage import upload_dir


def file_upload_success(upload_id: int) -> int | None:
    """Go on with a pair, one of whose files is found right: the last one has the strain assembled.

    Raises:
        BadReads: the files are no pair; what takes the place of one of them may be.
    """
    with transaction() as session:
        files = upload_files.live(session, upload_id)
    return assemble_user_uploads(upload_id) if _are_right(files) else None


def assemble_user_uploads(upload_id: int) -> int | None:
    """Send a pair, unless it was sent before; return the job's number. May be called again, whatever happened.

    Raises:
        BadReads: the files are no pair.
    """
    with transaction() as session:
        files = upload_files.live(session, upload_id)
    if not _are_right(files):
        return None
    try:
        _check_pair(files)
        return retrying(partial(_sent, upload_id))
    except BadInput as error:
        why = _in_their_words(str(error), files)
        retrying(partial(_refuse, upload_id, files, why))
        raise BadReads(why) from error


def _are_right(files: Any) -> bool:
    return [file.state for file in files] == [UploadFileState.CHECKED] * 2


def _check_pair(files: Any) -> None:
    read1, read2 = files
    if read1.reads != read2.reads:
        raise BadReads(
            f"{read1.name} has {read1.reads:,} reads and {read2.name} {read2.reads:,}: a pair has as many in both. "
            "Withdraw the wrong one, and upload the right one in its place"
        )
    reading(partial(checked_pair, [str(path_of(file)) for file in files], roots()))


def _in_their_words(text: str, files: Any) -> str:
    """Name files as their owner does."""
    for file in files:
        text = text.replace(str(path_of(file)), file.name)
    return text


def _sent(upload_id: int) -> int | None:
    with transaction() as session:
        pair = uploads.locked(session, upload_id)
        files = upload_files.live(session, upload_id)
        if pair.status != UploadState.UPLOADING or not _are_right(files):
            return None if pair.job_id is None else int(pair.job_id)
        return _send(pair, (str(path_of(files[0])), str(path_of(files[1]))))


def _send(pair: Any, reads: tuple[str, str]) -> int:
    """Add and send all, in the transaction that is open."""
    with transaction(pair.database) as session:
        add_reads(session, [NewReads(pair.strain, [reads], pair.data)], pair.user_id)
        trace = find_trace(session, reads)
        assert trace is not None
        job = AssemblyJob(database=pair.database, trace_ids=[trace.id], user_id=pair.user_id, **pair.request)
        job.send_job()
        uploads.set_sent(session, pair.id, job.number, str(upload_dir(storage_root(), pair.id)))
        return job.number


def _refuse(upload_id: int, files: Any, why: str) -> None:
    with transaction() as session:
        pair = uploads.locked(session, upload_id)
        now = upload_files.live(session, upload_id)
        if pair.status == UploadState.UPLOADING and [one.id for one in now] == [one.id for one in files]:
            uploads.set_status(session, upload_id, UploadState.REFUSED, why)
