"""Tokens of the HTTP API: who sends by it, and what they may do. Only checksums are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, BadToken
from crobot_tasks.broker.json_values import plain
from db.crobot import access
from db.engine import reading, transaction

#: what tokens begin with, so that people and programs that look for secrets know them
PREFIX = "crobot_"
_RANDOM_BYTES = 32
_NAME_CHARACTERS = 200


class Scope(StrEnum):
    """What a token may be used for."""

    #: see jobs, batches and analyses of its user and its workgroup, and their files
    JOBS_READ = "jobs:read"
    JOBS_SEND = "jobs:send"
    #: cancel, hold, release, and send again
    JOBS_STEER = "jobs:steer"
    #: see the species: schemes, and all assemblies with their results and files
    SPECIES_READ = "species:read"
    #: upload reads, and see own uploads
    UPLOADS_SEND = "uploads:send"
    NODES_READ = "nodes:read"
    #: read the numbers for Prometheus in Flower, `/metrics`, and nothing else
    METRICS = "metrics"
    #: see the jobs, batches and analyses of everybody, the species, and the nodes
    ADMIN_READ = "admin:read"


@dataclass(frozen=True)
class Caller:
    """Who calls, as their token says."""

    token_id: int
    user_id: int
    workgroup: str
    scopes: frozenset[str]

    @property
    def sees_all(self) -> bool:
        """Whether the jobs of everybody are shown."""
        return Scope.ADMIN_READ in self.scopes

    def owns(self, job: Any) -> bool:
        """Whether a job is the user's own, or their workgroup's."""
        return job.user_id == self.user_id or (self.workgroup != "" and job.workgroup == self.workgroup)


def create(
    *, user_id: int, name: str, scopes: Sequence[Scope], workgroup: str = "", expires_s: int | None = None
) -> tuple[str, dict[str, Any]]:
    """Make a token; return it, which nobody can do later, and what is known of it.

    Raises:
        BadInput: a name or a workgroup that cannot be stored.
    """
    plain([name, workgroup], "name and workgroup")
    if not name.strip() or len(name) > _NAME_CHARACTERS:
        raise BadInput(
            f"the name {name!r:.80} is empty or too long: say in a few words who uses the token (--name)"
        )
    token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    given = {"name": name, "user_id": user_id, "workgroup": workgroup, "expires_s": expires_s}
    with transaction() as session:
        stored = access.create_token(
            session, given | {"sha256": sha256(token), "scopes": sorted(set(scopes))}
        )
        access.note_change(session, token_id=stored.id, user_id=user_id, address="", action="token create")
        return token, describe(stored)


def listing() -> list[dict[str, Any]]:
    """Return what is known of every token."""
    with transaction() as session:
        return [describe(row) | {"standing": _standing(row)} for row in access.tokens(session)]


def may_see(session: Any, caller: Caller, job: Any) -> bool:
    """Whether a job is shown to them: it is their own or their workgroup's, or they have sent it, too."""
    return caller.sees_all or caller.owns(job) or access.has_sent(session, caller.user_id, job.id)


def revoke(token_id: int) -> dict[str, Any]:
    """Let a token count no longer; return what is known of it.

    Raises:
        BadToken: there is none of this number.
    """
    with transaction() as session:
        revoked = access.revoke_token(session, token_id)
        if revoked is None:
            raise BadToken(f"there is no token {token_id}; `crobot token list` lists them")
        access.note_change(
            session, token_id=token_id, user_id=revoked.user_id, address="", action="token revoke"
        )
        return describe(revoked)


def caller_of(token: str) -> Caller:
    """Return who sends this token.

    Raises:
        BadToken: it is unknown, expired or revoked.
    """
    with reading() as session:
        row = access.find_token(session, sha256(token))
    if row is None:
        raise BadToken("the token is not known: `crobot token create` makes one")
    return caller_by(row)


def caller_by(row: Any) -> Caller:
    """Return who sends the token that this row describes.

    Raises:
        BadToken: it is expired or revoked.
    """
    if (standing := _standing(row)) != "valid":
        raise BadToken(f"the token {row.id} ({row.name}) is {standing}: `crobot token create` makes another")
    return Caller(row.id, row.user_id, row.workgroup, frozenset(row.scopes))


def describe(row: Any) -> dict[str, Any]:
    """Return what is known of a token."""
    names = ("id", "name", "user_id", "workgroup", "scopes", "created_at", "expires_at", "revoked_at")
    return {name: getattr(row, name) for name in names}


def _standing(row: Any) -> str:
    if row.revoked_at:
        return "revoked"
    return "expired" if row.expired else "valid"


def sha256(token: str) -> bytes:
    """Return what is stored of a token, or a ticket."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
