"""Sending jobs, one or many: all of them in one transaction, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Response

from crobot_errors import BadInput
from crobot_tasks.jobs import RemoteAssemblyBasedJob
from crobot_tasks.lifecycle.together import together
from crobot_tasks.operate import just_sent
from crobot_tasks.web.api import items
from crobot_tasks.web.api.access import caller
from crobot_tasks.web.api.changes import Done, change
from crobot_tasks.web.api.field_errors import Field
from crobot_tasks.web.api.items import Item, Sent, WrongItem
from crobot_tasks.web.api.paths import job_path
from crobot_tasks.web.api.problems import Problem
from db.engine import transaction

#: the names of so many are resolved while somebody waits
MOST_ADDRESSES = 10


def send(given: Sequence[Item], *, many: bool) -> Response:
    """Send the items, all of them or none, and return the answer."""
    return change("send", lambda: done(send_all(given), many=many), check=lambda: check(given))


def check(given: Sequence[Item]) -> None:
    """Check the items as far as that needs no transaction: files are looked at while nobody waits.

    Raises:
        Problem: one of them cannot be sent; it says which.
    """
    for number, item in enumerate(given):
        _named(number, item, len(given), partial(items.check, item, caller()))
    check_callbacks(given)
    species = {item["database"] for item in given if item.get("database") and not item.get("pipeline")}
    if len(species) > 1:
        raise Problem(
            422,
            f"one request is one transaction, and that is of one species: send {' and '.join(sorted(species))} apart",
            [Field("database", None, "send each species in a request of its own")],
        )


def check_callbacks(given: Sequence[Item]) -> None:
    """Check that outcomes may be posted to where the items say, each address once.

    Raises:
        Problem: they may not; it says to which item's.
    """
    found = {
        item["callback"]: number for number, item in enumerate(given) if item.get("callback") is not None
    }
    if len(found) > MOST_ADDRESSES:
        text = f"more than {MOST_ADDRESSES} call-back addresses in one request: send fewer jobs at a time"
        raise Problem(422, text, [Field("callback", None, text)])
    for number in found.values():
        _named(number, given[number], len(given), partial(items.check_callback, given[number]))


def send_all(given: Sequence[Item]) -> list[Sent]:
    """Send each item, in the transaction that is open.

    Raises:
        Problem: one of them cannot be sent; it says which.
    """
    sent = _send_plain(given) | _send_schemes(given)
    return [
        sent[number]
        if number in sent
        else _named(number, item, len(given), partial(items.send, item, caller()))
        for number, item in enumerate(given)
    ]


def _send_plain(given: Sequence[Item]) -> dict[int, Sent]:
    """Send those that are rows and nothing else with a few statements; one alone is left to who sends one."""
    numbers = _numbers(given, items.is_plain)
    with together():
        results = {
            number: _named(number, given[number], len(given), partial(items.call, given[number], caller()))
            for number in numbers
        }
    return _posted(given, {number: Sent(one.job_id, one.joined) for number, one in results.items()})


def _send_schemes(given: Sequence[Item]) -> dict[int, Sent]:
    """Send those that call a scheme on an assembly with a few statements; one alone is left, too."""
    numbers = _numbers(given, items.is_of_scheme)
    of_schemes = items.SchemeJobs([given[number] for number in numbers], caller())
    jobs = {
        number: _named(number, given[number], len(given), partial(of_schemes.job, given[number]))
        for number in numbers
    }
    try:
        return _posted(given, _sent_together(given, jobs))
    except BadInput:
        # Sent alone, the one that cannot work is known by its number; that is raised, and undoes the others.
        for number in numbers:
            _named(number, given[number], len(given), partial(items.send, given[number], caller()))
        raise


def _sent_together(given: Sequence[Item], jobs: dict[int, RemoteAssemblyBasedJob]) -> dict[int, Sent]:
    sent: dict[int, Sent] = {}
    for again in (False, True):
        these = [number for number in jobs if given[number].get("again", False) is again]
        each = items.send_each([jobs[number] for number in these], again=again)
        sent |= zip(these, each, strict=True)
    return sent


def _numbers(given: Sequence[Item], is_one: Callable[[Item], bool]) -> list[int]:
    """Return which items are of a kind, if that is more than one."""
    found = [number for number, item in enumerate(given) if is_one(item)]
    return found if len(found) > 1 else []


def _posted(given: Sequence[Item], sent: dict[int, Sent]) -> dict[int, Sent]:
    for number, one in sent.items():
        items.post_outcome(one, given[number], caller())
    return sent


def done(sent: Sequence[Sent], *, many: bool) -> Done:
    """Return the answer to a send."""
    why = _why([one.job_id for one in sent])
    told = [describe(one, why) for one in sent]
    status = 201 if any(one.is_new for one in sent) else 200
    return Done(status, {"jobs": told} if many else told[0], [one.job_id for one in sent])


def describe(sent: Sent, why: dict[int, str]) -> dict[str, Any]:
    """Return what is told of one."""
    return {
        "job": sent.job_id,
        "joined": sent.joined,
        "cached": sent.cached,
        "why_waiting": why.get(sent.job_id, ""),
        "url": job_path(sent.job_id),
    }


def _why(job_ids: Sequence[int]) -> dict[int, str]:
    with transaction() as session:
        return just_sent.why_each_waits(session, job_ids)


def _named(number: int, item: Item, of: int, work: Callable[[], Any]) -> Any:
    """Do something with an item; if that cannot be, say which item it is."""
    try:
        return work()
    except BadInput as error:
        field = getattr(error, "field", "")
        path = ".".join(part for part in (str(number) if of > 1 else "", field) if part)
        value = repr(item[field])[:200] if field in item else None
        detail = f"job {number} of the request: {error}" if of > 1 else str(error)
        kind = "BadInput" if isinstance(error, WrongItem) else type(error).__name__
        raise Problem(422, detail, [Field(path, value, str(error))], kind=kind) from error
