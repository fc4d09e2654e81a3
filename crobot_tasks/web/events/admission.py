"""Who opens a stream, and whether they may: token or ticket, scope, and whose job it is; it asks the database."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from crobot_errors import BadInput, UnknownBatch, UnknownJob
from crobot_tasks.operate import tickets, tokens
from crobot_tasks.operate.tokens import Caller, Scope
from crobot_tasks.web.events import followed
from crobot_tasks.web.events.followed import LAST_EVENT_ID, TICKET, Followed, Kind, Position
from crobot_tasks.web.events.refusals import Refusal, without_token
from db.crobot import batches, counting, jobs
from db.crobot.selection import Selection
from db.engine import transaction

_SCOPES = (Scope.JOBS_READ, Scope.ADMIN_READ)
_MASK = "there is no {} {}, or it is none of yours"


@dataclass(frozen=True)
class Asked:
    """What a request says, before anybody has looked at it."""

    #: the header Authorization; empty: there is none
    authorization: str
    #: the header Last-Event-ID; empty: there is none
    last_event_id: str
    #: the fields of the address
    query: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Admitted:
    """A stream that may be opened."""

    caller: Caller
    followed: Followed
    #: what the client has seen already; None: nothing, or nobody knows
    since: Position | None


def admit(asked: Asked) -> Admitted:
    """Return the stream that may be opened.

    Raises:
        Refusal: no token, or not the scope.
        BadToken: a token or ticket that does not count.
        BadInput: what is to be followed cannot be.
        UnknownJob, UnknownBatch: there is none, or it is none of theirs: nobody learns which.
    """
    caller = _caller(asked)
    if not caller.scopes & set(_SCOPES):
        wanted = f"the token {caller.token_id} has not the scope jobs:read: `crobot token create --scope jobs:read`"
        raise Refusal(403, wanted)
    wanted_stream = _visible(caller, followed.read(asked.query, caller.user_id))
    given = asked.last_event_id or _field(asked, LAST_EVENT_ID)
    return Admitted(caller, wanted_stream, Position.parse(given))


def _field(asked: Asked, name: str) -> str:
    return next(iter(asked.query.get(name, ())), "")


def _caller(asked: Asked) -> Caller:
    ticket = _field(asked, TICKET)
    if ticket and asked.authorization:
        raise BadInput("both a ticket and a token are given: give one of them")
    if ticket:
        return tickets.use(ticket)
    if token := _token(asked.authorization):
        return tokens.caller_of(token)
    raise without_token()


def _token(header: str) -> str:
    """Return the token of Bearer, or the user name of Basic; empty if there is none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[0]
    except (binascii.Error, ValueError):
        return ""


def _visible(caller: Caller, wanted: Followed) -> Followed:
    match wanted.kind:
        case Kind.JOB:
            _check_job(caller, wanted.number)
            return wanted
        case Kind.USER:
            if caller.sees_all or wanted.number == caller.user_id:
                return wanted
            raise Refusal(404, _MASK.format("user", wanted.number))
        case Kind.BATCH:
            return _batch(caller, wanted)


def _check_job(caller: Caller, job_id: int) -> None:
    with transaction() as session:
        job = jobs.find(session, job_id)
        if job is None or not tokens.may_see(session, caller, job):
            raise UnknownJob(_MASK.format("job", job_id))


def _batch(caller: Caller, wanted: Followed) -> Followed:
    """A batch has an owner; of a name that only jobs carry, everybody sees the jobs that are theirs."""
    with transaction() as session:
        if (batch := batches.find(session, wanted.name)) is not None:
            if caller.sees_all or caller.owns(batch):
                return wanted
        else:
            whose = None if caller.sees_all else (caller.user_id, caller.workgroup)
            if labelled(session, wanted.name, whose).total():
                return replace(wanted, is_label=True, counted=whose)
    raise UnknownBatch(_MASK.format("batch", repr(wanted.name)))


def labelled(session: Any, name: str, whose: tuple[int, str] | None) -> counting.Counts:
    """Return how many jobs carry a name, of each state: of a user and a workgroup, or of everybody."""
    everybody = Selection(batch=name)
    if whose is None:
        return counting.counts(session, everybody)
    user_id, workgroup = whose
    found = counting.counts(session, replace(everybody, user_id=user_id))
    if workgroup:
        found.update(counting.counts(session, replace(everybody, workgroup=workgroup)))
        # those of the user in the workgroup were counted twice
        found.subtract(counting.counts(session, replace(everybody, user_id=user_id, workgroup=workgroup)))
    return found
