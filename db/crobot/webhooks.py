"""Queries of who wants which outcome posted where, by whose secret, and which addresses are switched off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import SubjectKind
from db.crobot.deliveries import CHANNEL
from db.engine import notify

_ORDER = text("""
    INSERT INTO crobot.webhooks (kind, number, url, origin, user_id)
    VALUES (:kind, :number, :url, :origin, :user_id) ON CONFLICT (kind, number, url) DO NOTHING RETURNING id""")

_COPY = text("""
    INSERT INTO crobot.webhooks (kind, number, url, origin, user_id)
    SELECT kind, :to_job, url, origin, user_id FROM crobot.webhooks WHERE kind = 'job' AND number = :from_job
    ON CONFLICT (kind, number, url) DO NOTHING""")

# Who ends the job waits for this, and then finds the wish; or this waits, and finds the end.
_STATE = text("SELECT state FROM crobot.jobs WHERE id = :job_id FOR SHARE")
_STATE_OF_PAST = text("SELECT state FROM crobot.jobs_past WHERE id = :job_id")

_WANTED = text("SELECT EXISTS (SELECT FROM crobot.webhooks WHERE kind = :kind AND number = :number)")

_SECRET = text("SELECT * FROM crobot.webhook_secrets WHERE origin = :origin")
_SECRETS = text("""
    SELECT origin, made_at, CASE WHEN former_until > now() THEN former_until END AS former_until
    FROM crobot.webhook_secrets ORDER BY origin""")
_KEEP_SECRET = text("""
    INSERT INTO crobot.webhook_secrets (origin, secret) VALUES (:origin, :secret)
    ON CONFLICT (origin) DO NOTHING RETURNING origin""")
_ROTATE = text("""
    UPDATE crobot.webhook_secrets
    SET former_secret = secret, former_until = now() + make_interval(secs => :both_s), secret = :secret, made_at = now()
    WHERE origin = :origin RETURNING former_until""")

_OFF = text("SELECT * FROM crobot.webhooks_off WHERE url = :url")
_ALL_OFF = text("SELECT * FROM crobot.webhooks_off ORDER BY off_at DESC")
_SWITCH_OFF = text("""
    INSERT INTO crobot.webhooks_off (url, origin, reason) VALUES (:url, :origin, :reason)
    ON CONFLICT (url) DO NOTHING""")
_SWITCH_ON = text("DELETE FROM crobot.webhooks_off WHERE url = :url RETURNING url")
_HOLD = text("""
    UPDATE crobot.deliveries SET state = 'held', ended_at = now()
    WHERE origin = :origin AND url = :url AND state = 'waiting'""")
_RELEASE = text("""
    UPDATE crobot.deliveries SET state = 'waiting', due_at = now(), tries = 0, claim = NULL, ended_at = NULL
    WHERE url = :url AND state = 'held' RETURNING id""")


def order(session: Session, kind: SubjectKind, number: int, url: str, origin: str, user_id: int) -> bool:
    """Note that an outcome is to be posted; false if that was noted before."""
    values = {"kind": kind, "number": number, "url": url, "origin": origin, "user_id": user_id}
    return session.execute(_ORDER, values).scalar() is not None


def copy(session: Session, from_job: int, to_job: int) -> None:
    """Have the outcome of a job posted to where that of another is."""
    session.execute(_COPY, {"from_job": from_job, "to_job": to_job})


def state_of_job(session: Session, job_id: int) -> str | None:
    """The state of a job, which does not end before this transaction does; None if there is no such job."""
    state: str | None = session.execute(_STATE, {"job_id": job_id}).scalar()
    return state or session.execute(_STATE_OF_PAST, {"job_id": job_id}).scalar()


def wanted(session: Session, kind: SubjectKind, number: int) -> bool:
    """Whether anybody wants this outcome."""
    return bool(session.execute(_WANTED, {"kind": kind, "number": number}).scalar())


def secret(session: Session, origin: str) -> Row[Any] | None:
    """What signs for an origin."""
    return session.execute(_SECRET, {"origin": origin}).one_or_none()


def secrets(session: Session) -> Sequence[Row[Any]]:
    """Every origin that has a secret, ``made_at``, and ``former_until`` while two sign; the secrets not."""
    return session.execute(_SECRETS).all()


def keep_secret(session: Session, origin: str, value: str) -> bool:
    """Keep the first secret of an origin; false if it has one."""
    return session.execute(_KEEP_SECRET, {"origin": origin, "secret": value}).scalar() is not None


def rotate(session: Session, origin: str, value: str, both_s: int) -> Row[Any] | None:
    """Sign by a new secret, and by the one before for so many seconds; None if there is none."""
    return session.execute(_ROTATE, {"origin": origin, "secret": value, "both_s": both_s}).one_or_none()


def off(session: Session, url: str) -> Row[Any] | None:
    """Since when an address is switched off (``off_at``), and for what ``reason``; None if it is on."""
    return session.execute(_OFF, {"url": url}).one_or_none()


def all_off(session: Session) -> Sequence[Row[Any]]:
    """Every address that is switched off, the latest first."""
    return session.execute(_ALL_OFF).all()


def switch_off(session: Session, url: str, origin: str, reason: str) -> None:
    """Post nothing more to an address; what waits for it is held."""
    session.execute(_SWITCH_OFF, {"url": url, "origin": origin, "reason": reason})
    session.execute(_HOLD, {"url": url, "origin": origin})


def switch_on(session: Session, url: str) -> int | None:
    """Post to an address again; return how many deliveries it has missed, None if it was not switched off."""
    if session.execute(_SWITCH_ON, {"url": url}).scalar() is None:
        return None
    released = len(session.execute(_RELEASE, {"url": url}).all())
    if released:
        notify(session, CHANNEL)
    return released
