"""What uploads ask for: pairs and their files, in tables of as many as were ever sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from db.system import upload_files, uploads

#: a pair that is on its way, its first file, and their user (see `fill`)
PAIR, FILE, USER = 50, 99, 50
WRITER = "a writer"


def of_uploads() -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call."""
    pair = {
        "user_id": USER,
        "database": "senterica",
        "strain": "a",
        "data": {},
        "file_names": [],
        "request": {},
    }
    file = {"upload_id": PAIR, "user_id": USER, "mate": 1, "name": "a", "length": 9}
    sums = {"sha256_given": None, "sha256_later": False}

    def add(session: Session) -> None:
        made = uploads.add(session, pair, 60)
        upload_files.add(session, file | sums | {"upload_id": made.id})

    def hold(session: Session) -> None:
        upload_files.take(session, FILE, WRITER)
        upload_files.hold(session, FILE, WRITER, 0)
        upload_files.release(session, FILE, WRITER)

    return {
        "db.system.uploads.add": add,
        "db.system.uploads.count_open": lambda s: uploads.count_open(s, USER),
        "db.system.uploads.expire": uploads.expire,
        "db.system.uploads.find": lambda s: uploads.find(s, PAIR, USER),
        "db.system.uploads.count_old": lambda s: uploads.count_old(s, 30),
        "db.system.uploads.forget": lambda s: uploads.forget(s, 30),
        "db.system.uploads.listing": lambda s: uploads.listing(s, USER, 2**31 - 1, 50),
        "db.system.uploads.locked": lambda s: uploads.locked(s, PAIR),
        "db.system.uploads.ready": uploads.ready,
        "db.system.uploads.set_sent": lambda s: uploads.set_sent(s, PAIR, 7, "/storage"),
        "db.system.uploads.set_status": lambda s: uploads.set_status(s, PAIR, "refused", "no"),
        "db.system.uploads.touch": lambda s: uploads.touch(s, PAIR, 60),
        "db.system.upload_files.add": add,
        "db.system.upload_files.advance": lambda s: upload_files.advance(s, FILE, 5),
        "db.system.upload_files.claim_uploaded": lambda s: upload_files.claim_uploaded(s, WRITER),
        "db.system.upload_files.end_all": lambda s: upload_files.end_all(s, [PAIR], "expired"),
        "db.system.upload_files.end_one": lambda s: upload_files.end_one(s, FILE, "withdrawn"),
        "db.system.upload_files.find": lambda s: upload_files.find(s, FILE, PAIR, USER),
        "db.system.upload_files.free": lambda s: upload_files.free(s, FILE),
        "db.system.upload_files.hold": hold,
        "db.system.upload_files.live": lambda s: upload_files.live(s, PAIR),
        "db.system.upload_files.live_bytes": lambda s: upload_files.live_bytes(s, USER),
        "db.system.upload_files.locked": lambda s: upload_files.locked(s, FILE),
        "db.system.upload_files.of_uploads": lambda s: upload_files.of_uploads(s, range(1, 52)),
        "db.system.upload_files.release": hold,
        "db.system.upload_files.same": lambda s: upload_files.same(s, USER, bytes(32)),
        "db.system.upload_files.set_back": lambda s: upload_files.set_back(s, FILE, 0),
        "db.system.upload_files.set_checked": lambda s: upload_files.set_checked(s, FILE),
        "db.system.upload_files.set_found": lambda s: upload_files.set_found(s, FILE, bytes(32), 9),
        "db.system.upload_files.set_refused": lambda s: upload_files.set_refused(s, FILE, "no"),
        "db.system.upload_files.set_removed": lambda s: upload_files.set_removed(s, FILE),
        "db.system.upload_files.set_sha256": lambda s: upload_files.set_sha256(s, FILE, bytes(32)),
        "db.system.upload_files.take": hold,
        "db.system.upload_files.to_remove": upload_files.to_remove,
    }
