"""Queries of deliveries: written in the transaction that ends something, claimed by whoever posts them, and over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from db.crobot import DeliveryState, SubjectKind
from db.engine import notify
from db.jsonb import as_json
from db.prepared import Prepared

#: PostgreSQL channel on which senders hear that there is something to post
CHANNEL = "crobot_deliveries"
#: so long monitoring counts those that are over
LATELY = "1 day"

_INSERT = """
    INSERT INTO crobot.deliveries (kind, number, url, origin, user_id, body, state, ended_at)
    SELECT w.kind, w.number, w.url, w.origin, w.user_id, {body},
           CASE WHEN o.url IS NULL THEN 'waiting' ELSE 'held' END, CASE WHEN o.url IS NOT NULL THEN now() END
    FROM crobot.webhooks w LEFT JOIN crobot.webhooks_off o ON o.url = w.url"""
# senders hear of it when the transaction commits
_TELL = f"RETURNING pg_notify('{CHANNEL}', '')"

# What makes a job again, how it ended, and where the rest is.
_JOB_BODY = """json_build_object(
        'type', 'job.' || lower(j.state), 'timestamp', now(), 'data', json_build_object(
            'id', j.id, 'state', j.state, 'outcome', j.outcome, 'message', j.message,
            'pipeline', j.pipeline, 'version', j.version, 'type', j.type, 'tag', j.tag, 'database', j.database,
            'batch', j.batch, 'user_id', j.user_id, 'workgroup', j.workgroup, 'priority', j.priority,
            'args', CASE WHEN octet_length(CAST(j.args AS text)) <= :most_bytes THEN j.args END,
            'kwargs', CASE WHEN octet_length(CAST(j.kwargs AS text)) <= :most_bytes THEN j.kwargs END,
            'context', CASE WHEN octet_length(CAST(j.context AS text)) <= :most_bytes THEN j.context END,
            'result', CASE WHEN octet_length(CAST(j.result AS text)) <= :most_bytes THEN j.result END,
            'result_is_inline', COALESCE(octet_length(CAST(j.result AS text)), 0) <= :most_bytes,
            'attempt', j.attempt, 'node', j.node, 'sent_at', j.sent_at, 'started_at', j.started_at,
            'finished_at', j.finished_at, 'url', CAST(:jobs AS text) || '/' || j.id))"""
_OF_JOBS = f"""
    {_INSERT.format(body=_JOB_BODY)}
    JOIN {{jobs}} j ON j.id = w.number
    WHERE w.kind = 'job' AND w.number = ANY(:job_ids) {{more}}
    {_TELL}"""
_OF_ENDING = Prepared(_OF_JOBS.format(jobs="crobot.jobs", more=""))
_OF_ENDED = text(_OF_JOBS.format(jobs="crobot.all_jobs", more="AND w.url = :url"))

_OF_SUBJECT = text(f"""
    {_INSERT.format(body=":body")}
    WHERE w.kind = :kind AND w.number = :number AND (CAST(:url AS text) IS NULL OR w.url = :url)
    {_TELL}""").bindparams(*as_json("body"))

# Origin by origin, each by one step through the index, however much waits for it; so that one which does not answer
# never stands before the others. Of each, only as many as the sender has room for.
_CLAIM = text("""
    WITH RECURSIVE origins AS (
        (SELECT origin FROM crobot.deliveries WHERE state = 'waiting' ORDER BY origin LIMIT 1)
        UNION ALL
        SELECT (SELECT d.origin FROM crobot.deliveries d
                WHERE d.state = 'waiting' AND d.origin > o.origin ORDER BY d.origin LIMIT 1)
        FROM origins o WHERE o.origin IS NOT NULL),
    rooms AS (
        SELECT o.origin, COALESCE(r.room, :room) AS room
        FROM origins o LEFT JOIN json_to_recordset(:rooms) AS r(origin text, room int) ON r.origin = o.origin
        WHERE o.origin IS NOT NULL),
    due AS (
        SELECT d.id FROM rooms r CROSS JOIN LATERAL (
            SELECT id, due_at FROM crobot.deliveries
            WHERE state = 'waiting' AND origin = r.origin AND due_at <= now()
            ORDER BY due_at LIMIT r.room FOR UPDATE SKIP LOCKED) d
        ORDER BY d.due_at LIMIT :most)
    UPDATE crobot.deliveries d
    SET claim = gen_random_uuid(), tries = d.tries + 1, tried_at = now(),
        due_at = now() + make_interval(secs => :claim_s)
    FROM due
    WHERE d.id = due.id
    RETURNING d.id, d.message_id, d.kind, d.number, d.url, d.origin, d.body, d.claim, d.tries, now() AS now,
        (SELECT json_build_array(s.secret, CASE WHEN s.former_until > now() THEN s.former_secret END)
         FROM crobot.webhook_secrets s WHERE s.origin = d.origin) AS secrets,
        (SELECT j.traceparent FROM crobot.jobs j
         WHERE d.kind = 'job' AND j.id = d.number) AS traceparent""").bindparams(*as_json("rooms"))

# What a sender has in hand was tried just now; so a backlog to an app that is slow is none of these.
_UNPOSTED = text("""
    SELECT count(*) AS outcomes, min(due_at) AS since FROM crobot.deliveries
    WHERE state = 'waiting' AND due_at < now() - interval '1 minute' AND NOT EXISTS (
        SELECT FROM crobot.deliveries WHERE state = 'waiting' AND tried_at > now() - interval '1 minute')""")

_BY_STATE = text(f"""
    SELECT state, count(*) AS outcomes FROM (
        (SELECT state FROM crobot.deliveries WHERE state = 'waiting' ORDER BY origin, due_at LIMIT :most)
        UNION ALL
        (SELECT state FROM crobot.deliveries
         WHERE state <> 'waiting' AND written_at > now() - interval '{LATELY}' ORDER BY written_at DESC LIMIT :most)) d
    GROUP BY state""")

_END = text("""
    UPDATE crobot.deliveries
    SET state = :state, ended_at = now(), status = :status, error = :error
    WHERE id = :id AND claim = :claim AND state = 'waiting' RETURNING id""")

_TRY_AGAIN = text("""
    UPDATE crobot.deliveries
    SET due_at = now() + make_interval(secs => :delay_s), status = :status, error = :error, claim = NULL
    WHERE id = :id AND claim = :claim AND state = 'waiting' RETURNING id""")

_LIST = """
    SELECT d.id, d.message_id, d.kind, d.number, d.url, d.user_id, d.state, d.written_at, d.tries, d.tried_at,
           d.status, d.error, d.ended_at, CASE WHEN d.state = 'waiting' THEN d.due_at END AS due_at, b.name AS batch
    FROM crobot.deliveries d LEFT JOIN crobot.batches b ON d.kind = 'batch' AND b.id = d.number
    WHERE {}
      AND (CAST(:state AS text) IS NULL OR d.state = :state)
      AND (CAST(:url AS text) IS NULL OR d.url = :url)
    ORDER BY d.id DESC LIMIT :limit"""
_LIST_ALL, _LIST_JOB = text(_LIST.format("true")), text(_LIST.format("d.kind = 'job' AND d.number = :job_id"))

_IDS = text("SELECT id FROM crobot.deliveries WHERE id = ANY(:ids)")

_RESEND = """
    UPDATE crobot.deliveries d
    SET state = 'waiting', due_at = now(), tries = 0, claim = NULL, ended_at = NULL
    WHERE {} AND NOT EXISTS (SELECT FROM crobot.webhooks_off o WHERE o.url = d.url)
    RETURNING d.id"""
_RESEND_THESE = text(_RESEND.format("d.id = ANY(:ids)"))
_RESEND_GIVEN_UP = text(
    _RESEND.format("d.state = 'given_up' AND (CAST(:url AS text) IS NULL OR d.url = :url)")
)


def by_state(session: Session, most: int) -> dict[str, int]:
    """State → how many outcomes: those that wait, and of those that are over what was written `LATELY`.

    Of both, ``most`` are counted.
    """
    return {row.state: row.outcomes for row in session.execute(_BY_STATE, {"most": most})}


def of_jobs(
    session: Session, job_ids: Sequence[int], most_bytes: int, jobs_path: str, url: str | None = None
) -> None:
    """Write how jobs have ended, for all who want it, or for one address; what is larger is left out.

    In the transaction that ends them; for one address also later.
    """
    values = {"job_ids": list(job_ids), "most_bytes": most_bytes, "jobs": jobs_path, "url": url}
    if url is None:
        _OF_ENDING.rows(session, values)
    else:
        session.execute(_OF_ENDED, values)


def of_subject(
    session: Session, kind: SubjectKind, number: int, body: Mapping[str, Any], url: str | None = None
) -> None:
    """Write how something else has ended, for all who want it, or for one address."""
    values = {"kind": kind, "number": number, "body": dict(body), "url": url}
    session.execute(_OF_SUBJECT, values)


def unposted(session: Session) -> Row[Any] | None:
    """How many outcomes nobody posts, and since when the first waits; None if senders are at work."""
    row = session.execute(_UNPOSTED).one()
    return row if row.outcomes else None


def claim(
    session: Session, rooms: Mapping[str, int], *, room: int, most: int, claim_s: float
) -> Sequence[Row[Any]]:
    """Take deliveries that are due, to post them within ``claim_s`` seconds; after that others take them over.

    ``rooms``: how many of an origin may be taken; ``room``: of one that is not named there. ``secrets`` of a row is
    the new and the former secret, or None.
    """
    listed = [{"origin": origin, "room": each} for origin, each in rooms.items()]
    values = {"rooms": listed, "room": room, "most": most, "claim_s": claim_s}
    return session.execute(_CLAIM, values).all()


def end(session: Session, row: Any, state: DeliveryState, status: int | None, error: str) -> bool:
    """Note how a delivery ended; false if somebody else has it by now."""
    values = {"id": row.id, "claim": row.claim, "state": state, "status": status, "error": error}
    return session.execute(_END, values).scalar() is not None


def try_again(session: Session, row: Any, delay_s: float, status: int | None, error: str) -> bool:
    """Note that a try failed, and when the next one is due; false if somebody else has it by now."""
    values = {"id": row.id, "claim": row.claim, "delay_s": delay_s, "status": status, "error": error}
    return session.execute(_TRY_AGAIN, values).scalar() is not None


def listing(
    session: Session,
    *,
    state: DeliveryState | None = None,
    job_id: int | None = None,
    url: str | None = None,
    limit: int = 50,
) -> Sequence[Row[Any]]:
    """Deliveries, the newest first, without their bodies; ``batch`` is the name of the batch that one is of."""
    values = {"state": state, "url": url, "limit": limit}
    if job_id is None:
        return session.execute(_LIST_ALL, values).all()
    return session.execute(_LIST_JOB, values | {"job_id": job_id}).all()


def known(session: Session, ids: Sequence[int]) -> set[int]:
    """Those of these numbers that deliveries have."""
    return set(session.execute(_IDS, {"ids": list(ids)}).scalars())


def resend(session: Session, ids: Sequence[int]) -> list[int]:
    """Have deliveries posted again, by all their tries; those to an address that is switched off are left alone."""
    return _again(session, session.execute(_RESEND_THESE, {"ids": list(ids)}))


def resend_given_up(session: Session, url: str | None = None) -> list[int]:
    """The same with all that were given up, or those to one address."""
    return _again(session, session.execute(_RESEND_GIVEN_UP, {"url": url}))


def _again(session: Session, sent: Any) -> list[int]:
    ids = sorted(sent.scalars())
    if ids:
        notify(session, CHANNEL)
    return ids
