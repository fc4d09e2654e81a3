"""Bytes of one request, written piece by piece and checked as they come.

Each piece is one transaction: the row is locked and still this writer's, the bytes are on the disk, the offset moves.
So the offset is never beyond what is on the disk, and a writer that was taken over from writes nothing more.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator
from typing import Any

from crobot_errors import BadReads, ChecksumDiffers, UploadBusy, UploadOffset, UploadTooLarge
from crobot_tasks.intake.uploads import checkers, verdict
from crobot_tasks.intake.uploads.destination import Destination
from crobot_tasks.intake.uploads.files import Claim
from db.engine import transaction
from db.system import upload_files
from workers.short_reads.arriving import ArrivingReads

#: bytes that are written, and put on the disk, at a time
PIECE = 8 * 2**20
#: what arrives slowly is written after so many seconds
PIECE_S = 2.0

#: gives some of the bytes of a request, none at its end, None if none came for a while; raises ConnectionLost
Read = Callable[[], bytes | None]


class ConnectionLost(Exception):
    """The client has gone away in the middle of a request."""


class Checksum:
    """The checksum that a request says its bytes have."""

    def __init__(self, digest: Any, expected: bytes) -> None:
        self._digest, self._expected = digest, expected

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._digest.update(data)

    @property
    def fits(self) -> bool:
        """Whether the bytes have it."""
        return hmac.compare_digest(self._digest.digest(), self._expected)


def receive(claim: Claim, read: Read, checksum: Checksum | None = None, size: int | None = None) -> None:
    """Write what a request brings, ``size`` bytes if it says so; when the file is whole, judge it.

    With a checksum, either all bytes of the request count, or none.

    Raises:
        BadReads: the file is wrong, and refused.
        ConnectionLost: the request was cut off; what came before counts.
        ChecksumDiffers: nothing of the request counts.
        UploadTooLarge: it has more bytes than the file; what came before counts.
        UploadBusy: another request has taken over.
        UploadOffset: the disk has less than it had.
        ServiceError: it cannot be written now; what came before counts.
    """
    checker = checkers.take(claim)
    try:
        _check_fits(claim, claim.received + (size or 0))
        with Destination(claim.path) as to:
            _check_size(claim, to)
            if checksum is None:
                _each(claim, to, read, checker)
            else:
                checker = _all_or_none(claim, to, read, checker, checksum)
    except BadReads as error:
        if not verdict.refuse(claim, str(error)):
            raise _taken_over(claim) from error
        raise
    except BaseException:
        _leave(claim, checker)
        raise
    if claim.received == claim.file.length:
        verdict.arrived(claim, checker)
    else:
        _leave(claim, checker)


def _each(claim: Claim, to: Destination, read: Read, checker: ArrivingReads | None) -> None:
    for piece in _pieces(read):
        _check_fits(claim, claim.received + len(piece))
        if checker is not None:
            checker.add(piece)
        _write(claim, to, claim.received, piece, claim.received + len(piece))


def _all_or_none(
    claim: Claim, to: Destination, read: Read, checker: ArrivingReads | None, checksum: Checksum
) -> ArrivingReads | None:
    """Write all, and let it count in the end; return what has seen it."""
    trial, wrong, at = checker.copy() if checker is not None else None, None, claim.received
    for piece in _pieces(read):
        _check_fits(claim, at + len(piece))
        checksum.add(piece)
        if trial is not None and wrong is None:
            # It may be wrong on the way only, which the checksum tells.
            try:
                trial.add(piece)
            except BadReads as error:
                wrong = error
        _write(claim, to, at, piece, claim.received)
        at += len(piece)
    if not checksum.fits:
        raise ChecksumDiffers("these bytes have another checksum than Upload-Checksum says: send them again")
    if wrong is not None:
        raise wrong
    _write(claim, to, at, b"", at)
    return trial


def _pieces(read: Read) -> Iterator[bytes]:
    """Yield what comes, a piece at a time; what came before the connection was lost is one, too."""
    ended = False
    while not ended:
        parts: list[bytes] = []
        try:
            ended = _fill(parts, read)
        except ConnectionLost:
            if parts:
                yield b"".join(parts)
            raise
        if parts:
            yield b"".join(parts)


def _fill(parts: list[bytes], read: Read) -> bool:
    """Gather a piece; return whether it is the last one. What comes slowly is smaller."""
    size, until = 0, time.monotonic() + PIECE_S
    while size < PIECE and time.monotonic() < until:
        data = read()
        if data is None:
            return False
        if not data:
            return True
        parts.append(data)
        size += len(data)
    return False


def _write(claim: Claim, to: Destination, at: int, data: bytes, received: int) -> None:
    """Write a piece, and say how many bytes of the file count from now on."""
    with transaction() as session:
        if not upload_files.hold(session, claim.file.id, claim.writer, claim.received):
            raise _taken_over(claim)
        to.write(at, data)
        upload_files.advance(session, claim.file.id, received)
    claim.received = received


def _taken_over(claim: Claim) -> UploadBusy:
    return UploadBusy(
        f"another request has taken over {claim.file.name}: ask by HEAD where it goes on", claim.received
    )


def _check_fits(claim: Claim, end: int) -> None:
    if end > claim.file.length:
        raise UploadTooLarge(
            f"{claim.file.name} was said to have {claim.file.length:,} bytes, and here are {end:,} or more: begin it "
            "anew with its true length"
        )


def _check_size(claim: Claim, to: Destination) -> None:
    size = to.size()
    if size >= claim.received:
        return
    with transaction() as session:
        if upload_files.hold(session, claim.file.id, claim.writer, claim.received):
            upload_files.set_back(session, claim.file.id, size)
    raise UploadOffset(
        f"the storage has lost a part of {claim.file.name}: it has {size:,} bytes, and goes on there", size
    )


def _leave(claim: Claim, checker: ArrivingReads | None) -> None:
    checkers.keep(claim, checker)
    verdict.let_go(claim)
