"""The policy in force: read from a file when that changes, kept in the database, the same on every head."""

from __future__ import annotations

import logging
import socket
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import celeryconfig
import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadPolicy
from crobot_tasks.router.policy import Policy, read
from db.crobot import policies
from db.engine import transaction
from db.known_species import list_species

log = logging.getLogger(__name__)

#: seconds between two looks into the database
FRESH_S = 1.0


class _Copy:
    """The policy in force, as this process read it last."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.number: int | None = None
        self.policy = Policy()
        self.looked_at = float("-inf")


_copy = _Copy()


def current(session: Any) -> Policy:
    """Return the policy in force, at most a second old."""
    with _copy.lock:
        if time.monotonic() - _copy.looked_at > FRESH_S:
            _refresh(session)
            _copy.looked_at = time.monotonic()
        return _copy.policy


def _refresh(session: Any) -> None:
    if policies.newest(session) == _copy.number:
        return
    row = policies.current(session)
    if row is None:
        _copy.number, _copy.policy = None, Policy()
        return
    try:
        _copy.policy = read(row.toml)
    except BadPolicy:
        # accepted by a head of another version; ours stays, and is looked at again when it changes
        log.exception("policy %s in force, accepted from %s, cannot be read by this head", row.id, row.source)
    _copy.number = row.id


def unknown_species(session: Any, policy: Policy) -> list[str]:
    """Say which species the policy names that are not there; they may be added later, so it is no error."""
    known = [one.name for one in list_species(session)]
    return [
        f"the policy's section [maintenance] names the species {name!r}, which is not there: there are "
        + (", ".join(known) or "none")
        for name in policy.maintenance.species
        if name not in known
    ]


def path() -> Path:
    """Return where the policy's file is, or would be."""
    return Path(celeryconfig.crobot_policy).expanduser()


class PolicyFile:
    """The policy's file as a head last saw it."""

    def __init__(self) -> None:
        self._seen: tuple[int, int, int] | None = None

    def take(self) -> None:
        """Put the file in force if it is new and right; if it is wrong say so, and leave the old policy."""
        try:
            stat = path().stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen == self._seen:
                return
            text = path().read_text()
            _take(text, datetime.fromtimestamp(stat.st_mtime, UTC))
        except FileNotFoundError:
            return
        except (BadPolicy, OSError, UnicodeError) as error:
            log.error("%s is not taken, the old policy stays in force: %s", path(), error)
        self._seen = seen


def _take(text: str, written_at: datetime) -> None:
    policy = read(text)
    with transaction() as session:
        row = policies.current(session)
        if row is not None and row.toml == text:
            return
        if row is not None and written_at < row.accepted_at:
            log.warning("%s is older than the policy in force; `touch` it if it is to be taken", path())
            return
        policies.accept(session, text, f"{socket.gethostname()}:{path()}")
        for warning in unknown_species(session, policy):
            log.warning("%s", warning)
    with _copy.lock:
        _copy.looked_at = float("-inf")
    log.info("the policy in %s is in force", path())
