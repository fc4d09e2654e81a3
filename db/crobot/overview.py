"""Queries for people: what a command shows of jobs beyond their rows, and of the whole system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import LIVE_SQL

_OLDEST = text(f"""
    SELECT id, sent_at, EXTRACT(epoch FROM now() - sent_at) AS waited_s FROM crobot.jobs
    WHERE state = 'WAITING' AND {LIVE_SQL} ORDER BY id LIMIT 1""")

_HELD = text(f"SELECT count(*) FROM crobot.jobs WHERE held_at IS NOT NULL AND {LIVE_SQL}")

_TIMES_SENT = text("SELECT count(*) FROM crobot.all_settlements WHERE job_id = :job_id")

# the tag is indexed; other jobs may have come after this one with the same tag
_FOLLOWERS = text("""
    SELECT id FROM crobot.all_jobs WHERE tag = ANY(:tags) AND id > :job_id AND database = :database
      AND context->>'follows' = CAST(:job_id AS text)
    ORDER BY id""")

# `crobot_tasks.jobs.following` keeps such a call until what follows is sent
_IS_TO_FOLLOW = text("""
    SELECT EXISTS (SELECT 1 FROM crobot.messages
                   WHERE published_at IS NULL AND name = 'crobot.follow'
                     AND CAST(kwargs->>'job_id' AS bigint) = ANY(:job_ids))""")

_UNREAD_CALLBACKS = text("SELECT unread_callbacks FROM crobot.monitoring")
_NOTE_UNREAD_CALLBACKS = text("""
    UPDATE crobot.monitoring SET unread_callbacks = :unread WHERE unread_callbacks <> :unread""")


def oldest_waiting(session: Session) -> Row[Any] | None:
    """The job that has waited longest."""
    return session.execute(_OLDEST).one_or_none()


def held(session: Session) -> int:
    """How many live jobs are held."""
    return int(session.execute(_HELD).scalar_one())


def times_sent(session: Session, job_id: int) -> int:
    """How many sends one job answers: more than one if it was sent again while it was live."""
    return int(session.execute(_TIMES_SENT, {"job_id": job_id}).scalar_one())


def followers(session: Session, job: Row[Any], assembly: str | None) -> list[int]:
    """Jobs that were sent since this one ended, with its tag, or that of the ``assembly`` it made: its barcode."""
    tags = [tag for tag in (job.tag, assembly) if tag]
    values = {"tags": tags, "job_id": job.id, "database": job.database}
    return list(session.execute(_FOLLOWERS, values).scalars())


def is_to_follow(session: Session, job_ids: Sequence[int]) -> bool:
    """Whether jobs that follow from one of these are still to be sent."""
    return bool(session.execute(_IS_TO_FOLLOW, {"job_ids": list(job_ids)}).scalar_one())


def unread_callbacks(session: Session) -> int:
    """How many messages lay in the queue of plain tasks when a head looked last, and no worker read it."""
    return int(session.execute(_UNREAD_CALLBACKS).scalar() or 0)


def note_unread_callbacks(session: Session, unread: int) -> None:
    """Note how many messages lie there; 0 if a worker reads them."""
    session.execute(_NOTE_UNREAD_CALLBACKS, {"unread": unread})
