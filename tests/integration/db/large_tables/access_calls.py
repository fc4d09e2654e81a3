"""What the HTTP API asks for: tokens, answers that are kept, changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from db.crobot import access

#: of a token that is not there
SHA256 = bytes(32)


def of_access() -> dict[str, Callable[[Session], Any]]:
    """The function's name → the call."""
    token = {"sha256": SHA256, "name": "a", "user_id": 7, "workgroup": "", "scopes": [], "expires_s": None}
    who = {"token_id": 1, "user_id": 7, "address": "127.0.0.1", "action": "send", "job_ids": [5]}

    def keep(session: Session) -> None:
        made = access.create_token(session, token | {"sha256": bytes(31)})
        access.keep_answer(session, made.id, "key", SHA256, 201, {"job": 5})

    return {
        "db.crobot.access.create_token": lambda s: access.create_token(s, token),
        "db.crobot.access.find_token": lambda s: access.find_token(s, SHA256),
        "db.crobot.access.forget_answers": access.forget_answers,
        "db.crobot.access.has_sent": lambda s: access.has_sent(s, 7, 5),
        "db.crobot.access.keep_answer": keep,
        "db.crobot.access.kept_answer": lambda s: access.kept_answer(s, 1, "key"),
        "db.crobot.access.note_change": lambda s: access.note_change(s, **who),
        "db.crobot.access.revoke_token": lambda s: access.revoke_token(s, 1),
        "db.crobot.access.tokens": access.tokens,
    }
