"""Who calls, and whether they may: the token of a request, and which jobs it opens."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask import g, request

from crobot_errors import UnknownAnalysis, UnknownBatch, UnknownJob
from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Caller, Scope
from crobot_tasks.web.api.problems import CHALLENGE, Problem
from crobot_tasks.web.api.rates import rates
from db.crobot import batches, jobs
from db.engine import transaction
from db.system import UserPreference

#: numbers above are no job's, and no analysis'
_LAST_JOB = 2**63 - 1
_LAST_ANALYSIS = 2**31 - 1


def caller() -> Caller:
    """Return who calls."""
    found: Caller = g.crobot_caller
    return found


def admit(*scopes: Scope) -> None:
    """Let the request go on if its token has one of these scopes.

    Raises:
        Problem: there is no token, or it has none of them; or it has made too many requests.
        BadToken: it does not count.
    """
    g.crobot_caller = found = tokens.caller_of(_token())
    rates().count(found.token_id)
    if not found.scopes & set(scopes):
        wanted = " or ".join(scopes)
        raise Problem(
            403,
            f"the token {found.token_id} has not the scope {wanted}: `crobot token create --scope {scopes[0]}`",
        )


def _token() -> str:
    given = request.authorization
    token = (given.username if given.type == "basic" else given.token) if given else None
    if given is None or given.type not in ("bearer", "basic") or not token:
        raise Problem(
            401,
            "there is no token: send `Authorization: Bearer …`, or the token as the user name of Basic",
            headers=CHALLENGE,
        )
    return token


def visible(job_id: int) -> Any:
    """Return a job's row, if the caller may see it.

    Raises:
        UnknownJob: there is none, or it is none of theirs: nobody learns which.
    """
    with transaction() as session:
        job = jobs.find(session, job_id) if job_id <= _LAST_JOB else None
        if job is not None and tokens.may_see(session, caller(), job):
            return job
    raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")


def own(job_id: int) -> Any:
    """Return a job's row, if the caller may change it.

    Raises:
        UnknownJob: they do not even see it.
        Problem: it is somebody else's; they have sent the same, or see everything.
    """
    job = visible(job_id)
    if not caller().owns(job):
        raise Problem(403, f"job {job_id} was sent by somebody else: ask them, or an operator, to change it")
    return job


def visible_batch(name: str) -> Any:
    """Return a batch's row, if the caller may see it.

    Raises:
        UnknownBatch: there is none, or it is none of theirs: nobody learns which.
    """
    with transaction() as session:
        batch = batches.find(session, name)
    if batch is not None and (caller().sees_all or caller().owns(batch)):
        return batch
    raise UnknownBatch(
        f"there is no batch {name!r:.100}: GET /api/v1.0/batches lists them, and GET /api/v1.0/jobs?batch=… the jobs "
        "that were merely sent with such a name"
    )


def own_batch(name: str) -> Any:
    """Return a batch's row, if the caller may change it.

    Raises:
        UnknownBatch: they do not even see it.
        Problem: it is somebody else's; they see everything.
    """
    batch = visible_batch(name)
    if not caller().owns(batch):
        raise Problem(403, f"batch {name} was made by somebody else: ask them, or an operator, to change it")
    return batch


def visible_analysis(analysis_id: int, types: Collection[str]) -> UserPreference:
    """Return an analysis of one of these types, if it is the caller's: an analysis belongs to one user.

    Raises:
        UnknownAnalysis: there is none, or it is none of theirs: nobody learns which.
    """
    with transaction() as session:
        row = session.get(UserPreference, analysis_id) if analysis_id <= _LAST_ANALYSIS else None
        if row is not None and row.type in types and (caller().sees_all or row.user_id == caller().user_id):
            session.expunge(row)
            return row
    raise UnknownAnalysis(
        f"there is no such analysis {analysis_id}: the list of analyses has those that there are"
    )
