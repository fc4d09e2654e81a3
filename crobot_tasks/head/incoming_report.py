"""(d) One report of a node, checked by type and size before it touches a table; what is odd in it costs no other."""

from __future__ import annotations

import logging
import math
import re
from typing import Any

from crobot_errors import TEXT_CHARACTERS, BadInput, OutcomeKind
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.broker.formats import ATTEMPT_ID, TRACEBACK_CHARACTERS, attempt_key
from crobot_tasks.broker.json_values import plain, storable
from crobot_tasks.lifecycle.finishing.continuation import Continuation, checked
from crobot_tasks.lifecycle.finishing.report import Report, ResultFile
from crobot_tasks.logs.facts import of_attempt
from workers.storage import output_dir

log = logging.getLogger(__name__)

#: an exception's own words are no longer; a node adds some of its own
MESSAGE_CHARACTERS = 2 * TEXT_CHARACTERS
#: names of numbers, tools, and characters of a name, in a usage
MOST_NUMBERS, MOST_TOOLS, NAME_CHARACTERS = 50, 200, 100
#: of a result that came as a file, and of its path
RESULT_BYTES, PATH_CHARACTERS = 256 * 1024**2, 4096
_SHA256 = re.compile(r"[0-9a-f]{64}")
#: what a column of PostgreSQL takes
MOST_BYTES = 2**63 - 1
#: more seconds, or whatever else is measured, than any attempt can take
MOST_MEASURED = 1e15


def is_report(one: Any) -> bool:
    """Whether it says which attempt it is about."""
    return isinstance(one, dict) and isinstance(one.get("id"), str) and bool(ATTEMPT_ID.fullmatch(one["id"]))


def checked_report(one: dict[str, Any], node: str) -> Report:
    """Return a report; what is odd beside its result is left out, a result that is odd fails the job."""
    job_id, number = attempt_key(one["id"])
    outcome, message = _kind(one.get("outcome")), _message(one.get("message"))
    result, file, continuation = None, None, Continuation()
    try:
        result, file = plain(one.get("result"), "its result"), _file(one)
        continuation = checked(plain(one.get("continuation"), "what it sends"))
    except BadInput as error:
        outcome, message = OutcomeKind.INTERNAL, _message(f"its report is of no use: {error}")
        continuation = Continuation()
    return Report(
        job_id,
        number,
        outcome,
        message,
        result,
        usage(one.get("usage")),
        _output_location(one.get("output_location"), job_id, number),
        traceback=_traceback(one.get("traceback")),
        node=node,
        result_file=file,
        continuation=continuation,
    )


def _file(one: dict[str, Any]) -> ResultFile | None:
    """Return the file of a result, or of the result and what else the body left to be done."""
    if one.get("report_file") is not None:
        return _result_file(one["report_file"], has_continuation=True)
    return None if one.get("result_file") is None else _result_file(one["result_file"])


def _result_file(value: Any, has_continuation: bool = False) -> ResultFile:
    match value:
        case {"path": str(path), "bytes": int(size), "sha256": str(sha256)}:
            if len(path) <= PATH_CHARACTERS and 0 < size <= RESULT_BYTES and _SHA256.fullmatch(sha256):
                return ResultFile(path, size, sha256, has_continuation)
    raise BadInput(
        f"its result's file is {value!r:.200}, and not path, bytes (at most {RESULT_BYTES}) and sha256"
    )


def usage(value: Any) -> dict[str, Any] | None:
    """Return what an attempt used: numbers by name, and those of its tools; what is neither is left out."""
    if not isinstance(value, dict):
        return None
    tools = value.get("tools")
    found: dict[str, Any] = _numbers(value)
    if isinstance(tools, list):
        found["tools"] = [_tool(tool) for tool in tools[:MOST_TOOLS] if isinstance(tool, dict)]
    return found


def _tool(value: dict[str, Any]) -> dict[str, Any]:
    name, exit_code = value.get("name"), value.get("exit_code")
    found: dict[str, Any] = {"name": storable(name)[:NAME_CHARACTERS]} if isinstance(name, str) else {}
    if isinstance(exit_code, int) and not isinstance(exit_code, bool) and abs(exit_code) < 2**31:
        found["exit_code"] = exit_code
    return found | _numbers({name: number for name, number in value.items() if name != "exit_code"})


def _numbers(values: dict[str, Any]) -> dict[str, int | float]:
    found: dict[str, int | float] = {}
    for name, value in values.items():
        number = _number(name, value)
        if number is not None and len(found) < MOST_NUMBERS:
            found[storable(name)] = number
    return found


def _number(name: Any, value: Any) -> int | float | None:
    if not isinstance(name, str) or len(name) > NAME_CHARACTERS:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
        return None
    return min(int(value), MOST_BYTES) if name.endswith("_bytes") else min(value, MOST_MEASURED)


def _message(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else repr(value)
    return str(storable(text[:MESSAGE_CHARACTERS]))


def _traceback(value: Any) -> str | None:
    return str(storable(value[-TRACEBACK_CHARACTERS:])) if isinstance(value, str) else None


def _output_location(value: Any, job_id: int, number: int) -> str | None:
    """Return the attempt's own folder, if the node says that there is something in it; it can name no other."""
    own = str(output_dir(storage_root(), job_id, number))
    if value is not None and value != own:
        log.error(
            "attempt %d.%d names %.200r as its folder, and not %s: left out",
            job_id,
            number,
            value,
            own,
            extra=of_attempt(job_id, number),
        )
    return own if value == own else None


def _kind(outcome: Any) -> OutcomeKind:
    try:
        return OutcomeKind(outcome)
    except ValueError:  # from a newer node
        return OutcomeKind.INTERNAL
