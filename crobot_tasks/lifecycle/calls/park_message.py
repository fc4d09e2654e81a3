"""(a) A message to a JobTask that comes to a worker which is no node becomes a job: its sender knows only the name."""

from __future__ import annotations

from typing import Any

from celery import Task
from celery.exceptions import Ignore
from celery.utils.time import maybe_iso8601

from crobot_errors import BadInput
from crobot_tasks.celery import app

#: options of a call, by the names that they have in a message
_HEADERS = {
    "group_id": "group",
    "group_index": "group_index",
    "root_id": "root_id",
    "parent_id": "parent_id",
    "retries": "retries",
    "replaced_task_nesting": "replaced_task_nesting",
    "ignore_result": "ignore_result",
    "stamped_headers": "stamped_headers",
}
_CANVAS = {"link": "callbacks", "link_error": "errbacks", "chord": "chord", "chain": "chain"}
#: headers that Celery writes itself; all others are the sender's own
_CELERYS = {
    *_HEADERS.values(),
    *("argsrepr compression eta expires id kwargsrepr lang origin shadow stamps task timelimit".split()),
}


@app.task(base=Task, bind=True, name="crobot.park_message", acks_late=True, send_events=False)
def park_message(self: Any, message: dict[str, Any]) -> None:
    """Park the job that a message asks for; the broker keeps the message until the job is stored.

    Raises:
        Ignore: it is parked, and whoever waits is told once the job ends.
        BadInput: it cannot work, which Celery tells whoever waits.
    """
    headers = message["headers"]
    task = app.tasks[headers["task"]]
    options = task._get_exec_options() | _options_of(message)
    app.parking.park_message(task, message["args"], message["kwargs"], headers["id"], options)
    raise Ignore("it is a job now")


def _options_of(message: dict[str, Any]) -> dict[str, Any]:
    """Return the options of the call that a message carries.

    Raises:
        BadInput: a time in it is none.
    """
    headers, embed, properties = message["headers"], message["embed"], message["properties"]
    options = {name: headers.get(there) for name, there in _HEADERS.items()}
    options |= {name: embed.get(there) for name, there in _CANVAS.items()}
    options |= headers.get("stamps") or {}
    options |= _times_of(headers)
    own = {name: value for name, value in headers.items() if name not in _CELERYS}
    # Whoever sends without our code looks for the result in the result store, and not in the database.
    options |= {"headers": own, "reply_to": properties["reply_to"] or headers["id"]}
    # The broker says 0 of a message whose sender chose no priority.
    options["priority"] = properties["priority"] or None
    return {name: value for name, value in options.items() if value is not None}


def _times_of(headers: dict[str, Any]) -> dict[str, Any]:
    time_limit, soft_time_limit = headers.get("timelimit") or (None, None)
    try:
        times = {name: headers.get(name) and maybe_iso8601(headers[name]) for name in ("eta", "expires")}
    except (AttributeError, TypeError, ValueError) as error:
        raise BadInput(f"eta or expires of the message is no time: {error}") from error
    return times | {"time_limit": time_limit, "soft_time_limit": soft_time_limit}
