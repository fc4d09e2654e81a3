"""The forms of what travels: versions of messages and reports, names of nodes, ids of attempts."""

from __future__ import annotations

import re

#: version of a node message's format; a node that does not know it says so, and runs nothing
MESSAGE_FORMAT = 1
#: version of the format of heartbeats and reports
REPORT_FORMAT = 1

#: the name that a part of a heartbeat has in the program, by the one that it has had on the way since format 1
NAME_OF = {"holds": "local_data", "missing": "unavailable", "reads": "message_format"}

#: a node's name, which is also part of the names of its queues
NODE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")

#: `<job id>.<attempt>`, the Celery task id of an attempt; no number is too large for its column
ATTEMPT_ID = re.compile(r"[1-9][0-9]{0,17}\.[1-9][0-9]{0,3}")

#: (job id, number of the attempt)
AttemptKey = tuple[int, int]


def attempt_id(job_id: int, number: int) -> str:
    """Return the id of an attempt."""
    return f"{job_id}.{number}"


def attempt_key(attempt_id: str) -> AttemptKey:
    """Return job id and number of an attempt; ``attempt_id`` must have the form `ATTEMPT_ID`."""
    job_id, number = attempt_id.split(".")
    return int(job_id), int(number)
