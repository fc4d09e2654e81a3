"""The forms of what travels: versions of messages and reports, names of nodes, ids of attempts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: version of a node message's format; a node that does not know it says so, and runs nothing
MESSAGE_FORMAT = 1
#: version of the format of heartbeats and reports
REPORT_FORMAT = 1
#: version of the format of reports whose results are files; older heads leave them to the nodes, which keep them
RESULT_FILE_FORMAT = 2
#: and of those that say how it goes on after a body: what it sends, what replaces it, another try
CONTINUATION_FORMAT = 3
#: what heads of this version read
REPORT_FORMATS = (REPORT_FORMAT, RESULT_FILE_FORMAT, CONTINUATION_FORMAT)

#: part of a heartbeat, by its name in the program → the name that it has in messages since format 1
_IN_MESSAGES = {"known": "held", "local_data": "holds", "message_format": "reads", "unavailable": "missing"}
_IN_PROGRAM = {there: here for here, there in _IN_MESSAGES.items()}

#: a node's name, which is also part of the names of its queues
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

#: `<job id>.<attempt>`, the Celery task id of an attempt; no number is too large for its column
ATTEMPT_ID = re.compile(r"[1-9][0-9]{0,17}\.[1-9][0-9]{0,3}")
#: a job has no more attempts than an id can say
MOST_ATTEMPTS = 9999

#: of a traceback in a report
TRACEBACK_CHARACTERS = 16_000

#: (job id, number of the attempt)
AttemptKey = tuple[int, int]


def to_message(heartbeat: Mapping[str, Any]) -> dict[str, Any]:
    """Return a heartbeat with the names that its parts have in messages."""
    return {_IN_MESSAGES.get(name, name): value for name, value in heartbeat.items()}


def from_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a heartbeat with the names that its parts have in the program."""
    return {_IN_PROGRAM.get(name, name): value for name, value in message.items()}


def report_format(report: Mapping[str, Any]) -> int:
    """Return the first format of reports that has what this one says."""
    if "continuation" in report or "report_file" in report:
        return CONTINUATION_FORMAT
    return RESULT_FILE_FORMAT if "result_file" in report else REPORT_FORMAT


def attempt_id(job_id: int, number: int) -> str:
    """Return the id of an attempt."""
    return f"{job_id}.{number}"


def attempt_key(attempt_id: str) -> AttemptKey:
    """Return job id and number of an attempt; ``attempt_id`` must have the form `ATTEMPT_ID`."""
    job_id, number = attempt_id.split(".")
    return int(job_id), int(number)
