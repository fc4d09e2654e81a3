"""Celery's revoke, by task id or by stamp: it cancels jobs in the database, also those that are parked later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from celery.utils.functional import maybe_list

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_errors import BadInput
from crobot_tasks.broker.formats import ATTEMPT_ID, attempt_key
from crobot_tasks.broker.json_values import plain, storable
from crobot_tasks.lifecycle.cancel import SLICE, cancel_each
from crobot_tasks.lifecycle.sending.refused import REVOKED
from db.crobot import revoking
from db.engine import retrying, transaction

T = TypeVar("T")

#: no task id of Celery's is longer
_ID_CHARACTERS = 255
#: of a stamp, as JSON: what an index takes
_STAMP_CHARACTERS = 2000


def revoke(task_ids: Iterable[str]) -> set[str]:
    """Cancel the live jobs of these task ids, and those that are parked under them later; return whose jobs were live.

    A job that others wait for, too, goes on for them. The id of an attempt, which is what Flower shows, stands for its
    job, whoever waits for that.
    """
    ids = sorted({one for one in task_ids if len(one) <= _ID_CHARACTERS and storable(one) == one})
    found: set[str] = set()
    for start in range(0, len(ids), SLICE):
        found |= _revoke(ids[start : start + SLICE])
    return found


def _revoke(ids: Sequence[str]) -> set[str]:
    attempts = {one: attempt_key(one)[0] for one in ids if ATTEMPT_ID.fullmatch(one)}
    public = [one for one in ids if one not in attempts]
    # committed before anybody looks for the jobs: what is parked meanwhile sees it
    _write(partial(revoking.note_ids, task_ids=public))
    found = _write(partial(revoking.with_ids, task_ids=public))
    cancel_each({row.job_id for row in found}, REVOKED, leaving=public)
    cancel_each(attempts.values(), REVOKED)
    return {row.task_id for row in found} | attempts.keys()


def revoke_stamped(headers: Mapping[str, Any] | Sequence[str]) -> None:
    """Cancel the live jobs that have one of these stamps, and those that are parked with one later.

    Raises:
        BadInput: a stamp is no JSON, or too long to be kept.
    """
    stamps = stamps_of(headers)
    _write(partial(revoking.note_stamps, stamps=stamps))
    _cancel(_write(partial(revoking.with_stamps, stamps=stamps)))


def stamps_of(headers: Mapping[str, Any] | Sequence[str]) -> dict[str, list[Any]]:
    """Return each stamp with its values; Celery's command gives ``["name=value"]``.

    Raises:
        BadInput: a stamp is no JSON, or too long to be kept.
    """
    if not isinstance(headers, Mapping):
        headers = {name: stamp for name, _, stamp in (one.partition("=") for one in headers)}
    stamps = {name: plain([*maybe_list(given)], f"stamp {name!r}") for name, given in headers.items()}
    for name, values in stamps.items():
        if too_long := [value for value in values if len(str(value)) + len(name) > _STAMP_CHARACTERS]:
            raise BadInput(
                f"stamp {name!r}: {too_long[0]!r:.80}… has more than {_STAMP_CHARACTERS} characters; use a shorter one"
            )
    return stamps


def look_again() -> None:
    """Cancel the jobs whose parking was not committed yet when they were revoked."""
    _cancel(_write(revoking.missed))


def _cancel(found: Sequence[Any]) -> None:
    cancel_each({row.job_id for row in found}, REVOKED, leaving=[row.task_id for row in found])


def _write(statement: Callable[[Any], T]) -> T:
    def work() -> T:
        with transaction() as session:
            return statement(session)

    return retrying(work)
