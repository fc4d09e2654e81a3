"""Who wants an outcome posted, and the deliveries of it: both written in the transaction that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput, UnknownJob
from crobot_tasks.lifecycle import policy_in_force
from crobot_tasks.lifecycle.finishing import told_outcomes
from crobot_tasks.webhooks import address
from crobot_tasks.webhooks.address import Address
from db.crobot import OVER, SubjectKind, deliveries, webhooks
from db.engine import retrying, transaction


def checked(given: str) -> Address:
    """Return an address to which outcomes may be posted; outside a transaction, since its name is resolved.

    Raises:
        BadInput: it is not allowed, not found, switched off, or has no secret.
    """
    found = address.parse(given)
    with transaction() as session:
        targets = policy_in_force.current(session).targets
        off = webhooks.off(session, found.url)
        has_secret = webhooks.secret(session, found.origin) is not None
    if off is not None:
        raise BadInput(
            f"the call-back address {found.url} was switched off at {off.off_at:%Y-%m-%d %H:%M} UTC "
            f"({off.reason}): when it is there again, an operator calls `crobot webhooks on {found.url}`"
        )
    address.check(found, targets)
    if not has_secret:
        raise BadInput(
            f"there is no secret for the call-back address {found.url}: an operator makes one by "
            f"`crobot webhooks secret {found.origin}`, and its app needs it"
        )
    return found


def post_job(job_id: int, given: str | Address, user_id: int = 0) -> None:
    """Have the outcome of a job posted, in the transaction that is open or in one of its own; of one that is over, now.

    An address as a text is checked first.

    Raises:
        BadInput: nothing may be posted there.
        UnknownJob: there is no such job.
    """
    to = checked(given) if isinstance(given, str) else given

    def order() -> None:
        with transaction() as session:
            state = webhooks.state_of_job(session, job_id)
            if state is None:
                raise UnknownJob(f"there is no job {job_id}; `crobot jobs` lists them")
            new = webhooks.order(session, SubjectKind.JOB, job_id, to.url, to.origin, user_id)
            if new and state in OVER:
                told_outcomes.of_jobs(session, [job_id], to.url)

    retrying(order)


def order(
    session: Any,
    kind: SubjectKind,
    number: int,
    to: Address,
    *,
    user_id: int = 0,
    ended: Mapping[str, Any] | None = None,
) -> None:
    """Have the outcome of an analysis or a batch posted each time that it ends, in the open transaction.

    ``ended``: what is posted at once, since it is over.
    """
    if webhooks.order(session, kind, number, to.url, to.origin, user_id) and ended is not None:
        deliveries.of_subject(session, kind, number, ended, to.url)


def write(session: Any, kind: SubjectKind, number: int, body: Mapping[str, Any]) -> None:
    """Write how an analysis or a batch has ended, for all who want it."""
    deliveries.of_subject(session, kind, number, body)


def is_wanted(session: Any, kind: SubjectKind, number: int) -> bool:
    """Whether anybody wants this outcome."""
    return webhooks.wanted(session, kind, number)


def body(type_: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is posted, in the form of Standard Webhooks."""
    return {"type": type_, "timestamp": datetime.now(UTC).isoformat(), "data": dict(data)}


def addresses(given: Sequence[str | None]) -> dict[str, Address]:
    """Check each of these addresses once; what is given → what it is.

    Raises:
        BadInput: one of them cannot be used.
    """
    return {one: checked(one) for one in dict.fromkeys(given) if one}
