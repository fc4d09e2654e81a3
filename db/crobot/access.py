"""Queries of the HTTP API: tokens, tickets, answers that are kept for a repeated request, and who changed what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from db.prepared import Prepared

#: as long as a sender may repeat a request
KEPT = "24 hours"

_CREATE_TOKEN = text("""
    INSERT INTO crobot.api_tokens (sha256, name, user_id, workgroup, scopes, expires_at)
    VALUES (:sha256, :name, :user_id, :workgroup, :scopes, now() + make_interval(secs => :expires_s))
    RETURNING *""").bindparams(bindparam("scopes", type_=JSONB))

_TOKENS = text("""
    SELECT id, name, user_id, workgroup, scopes, created_at, expires_at, revoked_at,
           expires_at <= now() AS expired
    FROM crobot.api_tokens ORDER BY id""")

_TOKEN = Prepared("""
    SELECT id, name, user_id, workgroup, scopes, expires_at, revoked_at, expires_at <= now() AS expired
    FROM crobot.api_tokens WHERE sha256 = :sha256""")

_REVOKE_TOKEN = text("""
    UPDATE crobot.api_tokens SET revoked_at = COALESCE(revoked_at, now()) WHERE id = :token_id RETURNING *""")

_CREATE_TICKET = text("""
    WITH late AS (DELETE FROM crobot.event_tickets WHERE expires_at < now())
    INSERT INTO crobot.event_tickets (sha256, token_id, expires_at)
    VALUES (:sha256, :token_id, now() + make_interval(secs => :expires_s))""")

_USE_TICKET = text("""
    WITH used AS (DELETE FROM crobot.event_tickets WHERE sha256 = :sha256 RETURNING token_id, expires_at)
    SELECT t.id, t.name, t.user_id, t.workgroup, t.scopes, t.expires_at, t.revoked_at, t.expires_at <= now() AS expired
    FROM used JOIN crobot.api_tokens t ON t.id = used.token_id WHERE used.expires_at > now()""")

_KEPT_ANSWER = Prepared(f"""
    SELECT request_sha256, status, answer FROM crobot.kept_answers
    WHERE token_id = :token_id AND key = :key AND kept_at > now() - interval '{KEPT}'""")

_KEEP_ANSWER = Prepared(
    """
    INSERT INTO crobot.kept_answers (token_id, key, request_sha256, status, answer)
    VALUES (:token_id, :key, :request_sha256, :status, :answer)
    ON CONFLICT (token_id, key) DO UPDATE
    SET request_sha256 = excluded.request_sha256, status = excluded.status, answer = excluded.answer,
        kept_at = now()""",
    json=("answer",),
)

_NOTE_CHANGE = Prepared("""
    INSERT INTO crobot.changes (token_id, user_id, address, action, about, job_ids, request_id)
    VALUES (:token_id, :user_id, :address, :action, :about, :job_ids, :request_id)""")

_HAS_SENT = text("""
    SELECT EXISTS (SELECT FROM crobot.changes
                   WHERE job_ids @> ARRAY[CAST(:job_id AS bigint)] AND user_id = :user_id
                     AND action IN ('send', 'resend'))""")


def create_token(session: Session, token: dict[str, Any]) -> Row[Any]:
    """Store a token: ``sha256``, ``name``, ``user_id``, ``workgroup``, ``scopes``, ``expires_s`` (None: never)."""
    return session.execute(_CREATE_TOKEN, token).one()


def tokens(session: Session) -> Sequence[Row[Any]]:
    """Every token, also those that are over, without their checksums."""
    return session.execute(_TOKENS).all()


def find_token(session: Session | Connection, sha256: bytes) -> Any | None:
    """The token with this checksum, also one that is over."""
    return next(iter(_TOKEN.rows(session, {"sha256": sha256})), None)


def revoke_token(session: Session, token_id: int) -> Row[Any] | None:
    """Let a token count no longer; None if there is none of this number."""
    return session.execute(_REVOKE_TOKEN, {"token_id": token_id}).one_or_none()


def create_ticket(session: Session, sha256: bytes, token_id: int, expires_s: int) -> None:
    """Store a ticket for a token, and forget those that were not used in time."""
    session.execute(_CREATE_TICKET, {"sha256": sha256, "token_id": token_id, "expires_s": expires_s})


def use_ticket(session: Session, sha256: bytes) -> Row[Any] | None:
    """The token of the ticket with this checksum, which opens nothing any more; None if it was used, or is too old."""
    return session.execute(_USE_TICKET, {"sha256": sha256}).one_or_none()


def kept_answer(session: Session | Connection, token_id: int, key: str) -> Any | None:
    """The answer that a request of this key had within the last 24 hours."""
    return next(iter(_KEPT_ANSWER.rows(session, {"token_id": token_id, "key": key})), None)


def keep_answer(
    session: Session, token_id: int, key: str, request_sha256: bytes, status: int, answer: Any
) -> None:
    """Keep an answer for a request that may come again."""
    given = {"request_sha256": request_sha256, "status": status, "answer": answer}
    _KEEP_ANSWER.rows(session, {"token_id": token_id, "key": key} | given)


def note_change(
    session: Session,
    *,
    token_id: int,
    user_id: int,
    address: str,
    action: str,
    about: str = "",
    job_ids: Sequence[int] = (),
    request_id: str = "",
) -> None:
    """Note who changed what, and from where; ``about`` names what is no job."""
    who = {"token_id": token_id, "user_id": user_id, "address": address, "request_id": request_id}
    _NOTE_CHANGE.rows(session, who | {"action": action, "about": about, "job_ids": list(job_ids)})


def has_sent(session: Session, user_id: int, job_id: int) -> bool:
    """Whether a user has sent a job by the HTTP API, also if it joined the job of somebody else."""
    return bool(session.execute(_HAS_SENT, {"user_id": user_id, "job_id": job_id}).scalar())
