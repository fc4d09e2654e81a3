"""Which jobs the fields of an address select, on the list of jobs and where they are changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from crobot_errors import BadInput, OutcomeKind
from crobot_tasks.broker.json_values import plain
from db.crobot import LIVE, JobState, moments
from db.crobot.selection import Selection

#: fields of texts, as the columns are called
_TEXTS = ("pipeline", "database", "workgroup", "batch", "tag", "node")
_TIMES = ("sent_from", "sent_until")
NAMES = ("state", "user", "outcome", *_TEXTS, *_TIMES)
#: words for more than one state
_LIVE, _HELD = "LIVE", "HELD"
STATES = (_LIVE, _HELD, *JobState)
#: kinds of failure
OUTCOMES = tuple(kind for kind in OutcomeKind if kind is not OutcomeKind.OK)
_LAST_USER, LAST_JOB = 2**31 - 1, 2**63 - 1


def fields(asked: Callable[[str], str]) -> dict[str, str]:
    """Return what was asked for, by name; empty where nothing was."""
    return {name: str(plain(asked(name), name)) for name in NAMES}


def selection(session: Any, given: Mapping[str, str]) -> Selection:
    """Return the jobs that are meant.

    Raises:
        BadInput: a field has a value that cannot be.
    """
    state, outcome = given["state"], given["outcome"]
    _check("state", state, STATES)
    _check("kind of failure", outcome, OUTCOMES)
    texts: dict[str, Any] = {name: given[name] or None for name in _TEXTS}
    times: dict[str, Any] = {name: _moment(given[name]) for name in _TIMES}
    found = Selection(
        user_id=whole("user", given["user"], _LAST_USER),
        states=_states(state, outcome),
        held=state == _HELD,
        outcome=outcome or None,
        **texts,
        **times,
    )
    return _with_numbers(session, found)


def text(name: str, given: str) -> str | None:
    """Return a text that the database can hold; None if nothing was given.

    Raises:
        BadInput: it cannot.
    """
    return str(plain(given, name)) if given else None


def whole(name: str, given: str, last: int) -> int | None:
    """Return a whole number from 0 to ``last``; None if nothing was given.

    Raises:
        BadInput: it is not one.
    """
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or int(given[:20]) > last:
        raise BadInput(f"{name} {given!r:.50} is not a whole number")
    return int(given)


def _check(what: str, given: str, known: tuple[str, ...]) -> None:
    if given and given not in known:
        raise BadInput(f"there is no {what} {given!r:.50}: choose one of {', '.join(known)}")


def _states(state: str, outcome: str) -> tuple[JobState, ...] | None:
    if state in (_LIVE, _HELD):
        return tuple(LIVE)
    if state:
        return (JobState(state),)
    # a kind of failure alone means those that failed: there is an index of them
    return (JobState.FAILED,) if outcome else None


def _moment(given: str) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.fromisoformat(given).astimezone()
    except (ValueError, OverflowError) as error:
        raise BadInput(f"the time {given!r:.50} cannot be read: write it like 2026-11-26T18:00") from error


def _with_numbers(session: Any, found: Selection) -> Selection:
    if found.sent_from is not None:
        found = replace(found, first_id=moments.first_id(session, found.sent_from))
    if found.sent_until is not None:
        found = replace(found, last_id=moments.last_id(session, found.sent_until))
    return found
