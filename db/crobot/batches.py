"""Queries on batches: what they are, how they are steered, and whom they call; `batch_items` has their items."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from crobot_errors import UnknownBatch
from db.crobot import LIVE_SQL, OVER_SQL
from db.jsonb import as_json


class Event(StrEnum):
    """What a batch comes to, for whoever wants to be called."""

    #: every item is complete, or was left out
    COMPLETE = "complete"
    #: a first item failed
    FAILURE = "failure"
    #: every item has ended, however it did: nothing can succeed any more
    EXHAUSTED = "exhausted"


_OPEN = text("SELECT id FROM crobot.batches WHERE ended_at IS NULL ORDER BY priority, id")

_FIND = text("SELECT * FROM crobot.batches WHERE name = :name")

_OF_TABLE = text("""
    SELECT * FROM crobot.batches
    WHERE kind = :kind AND database = :database AND shared ->> 'table' = :sha256 ORDER BY id DESC LIMIT 1""")

_DROP = text("DELETE FROM crobot.batches WHERE name = :name AND made_at IS NULL")

_TAKE = text("SELECT * FROM crobot.batches WHERE id = :batch_id FOR UPDATE SKIP LOCKED")

_LOCK = text("SELECT * FROM crobot.batches WHERE name = :name FOR UPDATE")

_LIST = text("SELECT * FROM crobot.batches WHERE :all OR ended_at IS NULL ORDER BY id DESC LIMIT :limit")

_SEEN = text("""
    SELECT * FROM crobot.batches
    WHERE (:over OR ended_at IS NULL) AND (CAST(:before AS int) IS NULL OR id < :before)
      AND (:everybody OR user_id = :user_id OR (:workgroup <> '' AND workgroup = :workgroup))
    ORDER BY id DESC LIMIT :limit""")

_ENDED = text("""
    UPDATE crobot.batches b SET ended_at = now()
    WHERE id = :batch_id AND ended_at IS NULL
      AND NOT EXISTS (SELECT FROM crobot.batch_slices WHERE batch_id = b.id AND closed_at IS NULL)
      AND NOT EXISTS (SELECT FROM crobot.batch_resends WHERE batch_id = b.id)
    RETURNING id""")

_PAUSE = text("UPDATE crobot.batches SET paused_at = now(), pause_reason = :reason WHERE name = :name")

_RESUME = text("""
    UPDATE crobot.batches SET paused_at = NULL, pause_reason = '', forgiven = :forgiven WHERE name = :name""")

_CANCEL = text("""
    UPDATE crobot.batches
    SET cancelled_at = now(), paused_at = NULL, pause_reason = '', made_at = COALESCE(made_at, now())
    WHERE name = :name""")

_PRIORITISE = text("UPDATE crobot.batches SET priority = :priority WHERE name = :name")

_MADE = text("UPDATE crobot.batches SET made_at = now() WHERE id = :batch_id")

_LABELLED = text(f"""
    SELECT EXISTS (SELECT FROM crobot.jobs WHERE batch = :name AND batch <> '' AND {LIVE_SQL})
        OR EXISTS (SELECT FROM crobot.all_jobs WHERE batch = :name AND batch <> '' AND {OVER_SQL})""")

_LIVE_JOBS = text(f"""
    SELECT id, held_at IS NOT NULL AS held, hold_reason, cancel_requested_at IS NOT NULL AS stopping FROM crobot.jobs
    WHERE batch = :name AND batch <> '' AND {LIVE_SQL} ORDER BY id""")

_CALLBACKS = text("""
    UPDATE crobot.batch_callbacks SET sent_at = now()
    WHERE batch_id = :batch_id AND event = ANY(:events) AND sent_at IS NULL RETURNING event, call""")

_CALL_BACK = text(
    "INSERT INTO crobot.batch_callbacks (batch_id, event, call) VALUES (:batch_id, :event, :call)"
).bindparams(*as_json("call"))

_LIVE_OF_EACH = text(f"""
    SELECT batch, count(*) AS jobs FROM crobot.jobs
    WHERE batch = ANY(:names) AND batch <> '' AND {LIVE_SQL} GROUP BY batch""")


def find(session: Session, name: str) -> Row[Any] | None:
    """Return the batch of this name."""
    return session.execute(_FIND, {"name": name}).one_or_none()


def of_table(session: Session, kind: str, database: str, sha256: str) -> Row[Any] | None:
    """Return the newest batch that was made of a table with this checksum."""
    values = {"kind": kind, "database": database, "sha256": sha256}
    return session.execute(_OF_TABLE, values).one_or_none()


def known(session: Session, name: str) -> Row[Any]:
    """Return the batch of this name.

    Raises:
        UnknownBatch: there is none.
    """
    found = find(session, name)
    if found is None:
        raise _unknown(name)
    return found


def _unknown(name: str) -> UnknownBatch:
    return UnknownBatch(f"there is no batch {name!r}; `crobot batch list --all` lists them")


def listed(session: Session, limit: int, *, over: bool) -> Sequence[Row[Any]]:
    """Return batches, the newest first; those that are over only if asked for."""
    return session.execute(_LIST, {"limit": limit, "all": over}).all()


def seen(
    session: Session,
    *,
    user_id: int,
    workgroup: str,
    everybody: bool,
    over: bool,
    before: int | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Return batches with numbers below ``before`` that a user sees: their own, their workgroup's, or everybody's."""
    who = {"user_id": user_id, "workgroup": workgroup, "everybody": everybody}
    return session.execute(_SEEN, who | {"over": over, "before": before, "limit": limit}).all()


def open_ids(session: Session) -> Sequence[int]:
    """Return the batches that have not ended, the most urgent first."""
    return session.execute(_OPEN).scalars().all()


def take(session: Session, batch_id: int) -> Row[Any] | None:
    """Become the only one to move this batch until the transaction ends; None if another is at it."""
    return session.execute(_TAKE, {"batch_id": batch_id}).one_or_none()


def lock(session: Session, name: str) -> Row[Any]:
    """The same by name, waiting for whoever moves it.

    Raises:
        UnknownBatch: there is none.
    """
    found = session.execute(_LOCK, {"name": name}).one_or_none()
    if found is None:
        raise _unknown(name)
    return found


def live_of_each(session: Session, names: Sequence[str]) -> dict[str, int]:
    """Batch → how many live jobs have its name, of those that have any."""
    return {row.batch: row.jobs for row in session.execute(_LIVE_OF_EACH, {"names": list(names)})}


def end(session: Session, batch_id: int) -> bool:
    """Note that nothing of the batch can change any more, if all its slices are closed; whether that is new."""
    return session.execute(_ENDED, {"batch_id": batch_id}).scalar() is not None


def pause(session: Session, name: str, reason: str) -> None:
    """Send nothing more of it, until it is resumed."""
    session.execute(_PAUSE, {"name": name, "reason": reason})


def resume(session: Session, name: str, forgiven: int) -> None:
    """Go on; so many failures do not pause it again."""
    session.execute(_RESUME, {"name": name, "forgiven": forgiven})


def cancel(session: Session, name: str) -> None:
    """Send nothing more of it, for good."""
    session.execute(_CANCEL, {"name": name})


def prioritise(session: Session, name: str, priority: int) -> None:
    """Give what it sends from now on another priority."""
    session.execute(_PRIORITISE, {"name": name, "priority": priority})


def drop(session: Session, name: str) -> None:
    """Remove a batch that is not made yet."""
    session.execute(_DROP, {"name": name})


def made(session: Session, batch_id: int) -> None:
    """Note that all its items are there."""
    session.execute(_MADE, {"batch_id": batch_id})


def is_label(session: Session, name: str) -> bool:
    """Whether jobs have this name although no batch has."""
    return bool(session.execute(_LABELLED, {"name": name}).scalar_one())


def live_jobs(session: Session, name: str) -> Sequence[Row[Any]]:
    """Return the live jobs with this batch's name, those that followed its items included: ``id``, ``held``."""
    return session.execute(_LIVE_JOBS, {"name": name}).all()


def call_back(session: Session, batch_id: int, event: str, call: Any) -> None:
    """Have a signature called when the batch comes to an event."""
    session.execute(_CALL_BACK, {"batch_id": batch_id, "event": event, "call": call})


def take_callbacks(session: Session, batch_id: int, events: Sequence[str]) -> Sequence[Row[Any]]:
    """Return (``event``, ``call``) what these events call, which are then over; each is returned once."""
    return session.execute(_CALLBACKS, {"batch_id": batch_id, "events": list(events)}).all()
