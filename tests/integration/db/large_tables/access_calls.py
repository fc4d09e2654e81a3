"""What the HTTP API and streams of events ask for: tokens, tickets, answers that are kept, what has changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.crobot import (
    access,
    changes,
    counting,
    jobs,
    live,
    looking_back,
    moments,
    server,
    stands,
    suggestions,
)
from db.crobot.changes import Begun
from db.crobot.selection import Selection

#: of a token that is not there
SHA256 = bytes(32)


def of_access() -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call."""
    token = {"sha256": SHA256, "name": "a", "user_id": 7, "workgroup": "", "scopes": [], "expires_s": None}
    who = {"token_id": 1, "user_id": 7, "address": "127.0.0.1", "action": "send", "job_ids": [5]}

    def keep(session: Session) -> None:
        made = access.create_token(session, token | {"sha256": bytes(31)})
        access.keep_answer(session, made.id, "key", SHA256, 201, {"job": 5})

    def ticket(session: Session) -> None:
        made = access.create_token(session, token | {"sha256": bytes(30)})
        access.create_ticket(session, SHA256, made.id, 60)

    return {
        "db.crobot.access.create_ticket": ticket,
        "db.crobot.access.create_token": lambda s: access.create_token(s, token),
        "db.crobot.access.find_token": lambda s: access.find_token(s, SHA256),
        "db.crobot.access.has_sent": lambda s: access.has_sent(s, 7, 5),
        "db.crobot.access.keep_answer": keep,
        "db.crobot.access.kept_answer": lambda s: access.kept_answer(s, 1, "key"),
        "db.crobot.access.note_change": lambda s: access.note_change(s, **who),
        "db.crobot.access.revoke_token": lambda s: access.revoke_token(s, 1),
        "db.crobot.access.tokens": access.tokens,
        "db.crobot.access.use_ticket": lambda s: access.use_ticket(s, SHA256),
    }


def of_server() -> dict[str, Callable[[Session], Any]]:
    """The same of the server itself."""
    return {
        "db.crobot.server.bloated": lambda s: server.bloated(s, 100_000),
        "db.crobot.server.not_vacuumed": server.not_vacuumed,
        "db.crobot.server.only_read": lambda s: server.only_read(s, 20),
        "db.crobot.server.settings": lambda s: server.settings(s, ["autovacuum"]),
        "db.crobot.server.state": server.state,
    }


def of_live(size: int) -> dict[str, Callable[[Session], Any]]:
    """The same of streams of events, in tables of so many jobs."""
    some = range(size - 1000, size)

    def changed(session: Session) -> Any:
        session.execute(text("UPDATE crobot.jobs SET priority = priority WHERE id = :id"), {"id": size - 9})
        now = live.position(session)
        return live.changed(session, now.seen_to, now.up_to + 1, 5000)

    return {
        "db.crobot.live.batches": lambda s: live.batches(s, ["batch1", "batch2"]),
        "db.crobot.live.begin": lambda s: live.begin(s, 5000),
        "db.crobot.live.changed": changed,
        "db.crobot.live.invalid_tokens": lambda s: live.invalid_tokens(s, [1, 2]),
        "db.crobot.live.jobs": lambda s: live.jobs(s, some),
        "db.crobot.live.position": live.position,
        "db.crobot.live.progress": lambda s: live.progress(s, some),
        "db.crobot.stands.batches": stands.batches,
        "db.crobot.stands.changes": stands.changes,
        "db.crobot.stands.cluster": stands.cluster,
    }


def of_pages() -> dict[str, Callable[[Session], Any]]:
    """The same of pages for operators."""
    begun = Begun("ada", "127.0.0.1", "cancel", "form", asked_jobs=2)
    yesterday = datetime.now(UTC) - timedelta(days=1)

    def slices(session: Session) -> Any:
        number = changes.begin(session, begun)
        assert number is not None
        changes.note_part(session, number, [5, 6])
        changes.end(session, number, "done")
        return changes.done_before(session, number, [5]), changes.jobs_of(session, number, 10)

    def an_hour(session: Session) -> Selection:
        until = yesterday + timedelta(hours=1)
        first, last = moments.first_id(session, yesterday), moments.last_id(session, until)
        return Selection(sent_from=yesterday, sent_until=until, first_id=first, last_id=last)

    def of_an_hour(session: Session) -> Any:
        return jobs.listing(session, an_hour(session))

    def of_form(session: Session) -> int:
        changes.begin(session, begun)
        return changes.of_form(session, "form")

    return {
        "db.crobot.changes.begin": slices,
        "db.crobot.changes.note_part": slices,
        "db.crobot.changes.end": slices,
        "db.crobot.changes.done_before": slices,
        "db.crobot.changes.jobs_of": slices,
        "db.crobot.changes.of_form": of_form,
        "db.crobot.changes.find": lambda s: changes.find(s, 5),
        "db.crobot.changes.listing": changes.listing,
        "db.crobot.changes.listing operator": lambda s: changes.listing(s, operator="ada"),
        "db.crobot.changes.listing user": lambda s: changes.listing(s, user_id=7),
        "db.crobot.changes.listing action": lambda s: changes.listing(s, action="cancel", before=9),
        "db.crobot.changes.of_job": lambda s: changes.of_job(s, 5),
        "db.crobot.changes.operators": changes.operators,
        "db.crobot.moments.first_id": lambda s: moments.first_id(s, yesterday),
        "db.crobot.moments.last_id": lambda s: moments.last_id(s, yesterday),
        "db.crobot.moments.beyond": moments.beyond,
        "db.crobot.looking_back.listing": lambda s: looking_back.listing(
            s, Selection(user_id=7, node="node2"), before=None, limit=51
        ),
        "db.crobot.looking_back.listing ranges": lambda s: looking_back._by_ranges(
            s, Selection(user_id=4242, pipeline="QAssembly"), moments.beyond(s), 51
        ),
        "db.crobot.jobs.listing of an hour": of_an_hour,
        "db.crobot.counting.counts of an hour": lambda s: counting.counts(s, an_hour(s)),
        "db.crobot.suggestions.suggestions": suggestions.suggestions,
    }
