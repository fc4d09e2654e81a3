"""(a) What the options of a call say: Celery's own, and ours (``job``); checked here, and written as columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any

from celery.utils import uuid
from celery.utils.functional import maybe_list

from crobot_errors import BadInput
from crobot_tasks.broker.json_values import plain
from crobot_tasks.celery import OURS
from crobot_tasks.logs import traceparent

#: Celery's options that decide what happens after the job; they are kept, and given to the settling task.
CANVAS_OPTIONS = (
    "link link_error chord chain group_id group_index root_id parent_id replaced_task_nesting"
    " headers stamped_headers reply_to"
).split()
#: Celery's options that say when a job may begin
TIMES = ("eta", "countdown", "expires")
#: a job that has one of these needs Celery's tracer when it is settled; ``reply_to`` is that of a program without our
#: code, which finds the result only where Celery stores it
_CONTINUES = {"link", "link_error", "chord", "chain", "reply_to"}
#: names of details in signatures that were stored by version 0.1: links of chains that are not sent yet
_FORMER_NAMES = {"same_key": "unique_key", "answer_key": "cache_key"}


@dataclass(frozen=True)
class Details:
    """What the option ``job`` of a signature says beyond Celery's options: ``task.s(…).set(job={"tag": …})``."""

    #: the job's type, which decides the job class; empty for a plain job
    type: str = ""
    #: the handle on what the job is for
    tag: str = ""
    #: the species' database
    database: str | None = None
    user_id: int | None = None
    workgroup: str = ""
    #: many jobs watched as one, by any name
    batch: str = ""
    #: two live jobs never share it; empty: never the same as another
    unique_key: str = ""
    #: once it is COMPLETE it answers later sends with the same key; empty: never
    cache_key: str = ""
    #: what the job class keeps for the time when the result comes
    context: dict[str, Any] = field(default_factory=dict)
    #: what one attempt gets, if the sender knows better than the pipeline
    cores: int | None = None
    memory_bytes: int | None = None
    #: the trace that the call belongs to (W3C Trace Context), if it is not in the option ``headers``
    traceparent: str | None = None


@dataclass(frozen=True)
class Owed:
    """Who waits for a job, and when it may begin."""

    #: of this send, and no other
    settlement_id: str
    #: the public task id
    task_id: str
    #: link, link_error, chord, chain …; None if only the result is wanted
    options: dict[str, Any] | None
    ignore_result: bool
    #: the chord that counts this result
    chord_id: str | None
    #: the name of each stamp → its values; None without stamps
    stamps: dict[str, list[Any]] | None
    #: not before this time, or so many seconds from now
    eta: str | None
    countdown_s: float
    #: not after this time, or so many seconds from now
    expires_at: str | None
    expires_s: float | None


def owed_of(task_id: str, options: dict[str, Any]) -> Owed:
    """Return what Celery's options say of who waits for the job, and when it may begin."""
    names = [*CANVAS_OPTIONS, *(options.get("stamped_headers") or [])]
    kept = {name: options[name] for name in names if options.get(name) not in (None, [], {})}
    if str(kept.get("reply_to", "")).startswith(OURS):
        del kept["reply_to"]  # it is answered from the database, and not from where Celery stores results
    expires = options.get("expires")
    in_seconds = isinstance(expires, int | float)
    return Owed(
        settlement_id=uuid(),
        task_id=task_id,
        options=plain(kept, "canvas options") if _CONTINUES & kept.keys() else None,
        ignore_result=bool(options.get("ignore_result")),
        chord_id=_chord_id(kept),
        stamps=_stamps(options),
        eta=_time("eta", options.get("eta")),
        countdown_s=_seconds("countdown", options.get("countdown") or 0),
        expires_at=None if in_seconds else _time("expires", expires),
        expires_s=_seconds("expires", expires) if in_seconds else None,
    )


def _stamps(options: dict[str, Any]) -> dict[str, list[Any]] | None:
    names = options.get("stamped_headers") or []
    return {name: plain([*maybe_list(options.get(name, []))], f"stamp {name!r}") for name in names} or None


def _chord_id(options: dict[str, Any]) -> str | None:
    """Return the chord that counts this result, or the last one of its chain, which ends with the first that fails."""
    last = options["chain"][0]["options"] if options.get("chain") else options
    return last.get("group_id") if "chord" in last else None


def _seconds(what: str, given: Any) -> float:
    """Return a number of seconds, checked."""
    if type(given) not in (int, float) or not abs(given) < 2**31:
        raise BadInput(f"{what} {given!r} is not a number of seconds")
    return float(given)


def _time(what: str, given: Any) -> str | None:
    """Return a time as text, checked."""
    if given is None:
        return None
    try:
        return (datetime.fromisoformat(given) if isinstance(given, str) else given).isoformat()
    except (AttributeError, ValueError) as error:
        raise BadInput(f"{what} {given!r} is no time: give a datetime, or its ISO 8601 text") from error


def details_of(given: dict[str, Any] | None) -> Details:
    """Return the option ``job``, checked.

    Raises:
        BadInput: it names what is not known, or has text that cannot be stored.
    """
    if not isinstance(given, dict | None):
        raise BadInput(f"option job={given!r}: give a dict, of {', '.join(Details.__annotations__)}")
    given = {_FORMER_NAMES.get(name, name): value for name, value in (given or {}).items()}
    try:
        details = Details(**given)
    except TypeError as error:
        raise BadInput(
            f"option job={given!r}: {error}; known are {', '.join(Details.__annotations__)}"
        ) from error
    plain(
        [details.tag, details.workgroup, details.batch, details.unique_key, details.cache_key],
        "tag, workgroup, batch, unique_key and cache_key",
    )
    if details.traceparent is not None and traceparent.parse(details.traceparent) is None:
        raise BadInput(
            f"traceparent {details.traceparent!r:.80} is none: version, trace id, parent id and flags, like "
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
    _check_amount("cores", details.cores, 2**15)
    _check_amount("memory_bytes", details.memory_bytes, 2**63)
    return details


def _check_amount(name: str, given: Any, below: int) -> None:
    if given is not None and not (type(given) is int and 0 < given < below):
        raise BadInput(f"{name} {given!r} is not a whole number above 0")


def chosen_of(details: Details, options: dict[str, Any]) -> dict[str, Any]:
    """Return what the sender chose of an attempt's ``cores``, ``memory_bytes`` and ``time_s``, and ``soft_s``."""
    hard, soft = options.get("time_limit") or None, options.get("soft_time_limit") or None
    chosen = {
        "cores": details.cores,
        "memory_bytes": details.memory_bytes,
        "time_s": hard and whole_seconds(hard),
        "soft_s": soft and _limit(soft, "soft_time_limit"),
    }
    if hard and soft and soft > hard:
        raise BadInput(
            f"soft_time_limit {soft!r} is more than time_limit {hard!r}, which ends the body first"
        )
    return {name: value for name, value in chosen.items() if value is not None}


def whole_seconds(given: Any) -> int:
    """Return a time limit in seconds, checked; a part of a second is a whole one."""
    return ceil(_limit(given, "time_limit"))


def _limit(given: Any, name: str) -> float:
    if not isinstance(given, int | float) or isinstance(given, bool) or not 0 < given < 2**30:
        raise BadInput(f"{name} {given!r} is not a number of seconds above 0")
    return given


def priority_of(given: Any) -> int:
    """Return Celery's priority, 0 (first) to 9; 5 if none is given."""
    if given is None:
        return 5
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= 9:
        raise BadInput(f"priority {given!r} is not a whole number from 0 (first) to 9")
    return given
