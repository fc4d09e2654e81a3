"""(d, f) What nodes send, checked first: wrong messages of one node must not disturb the others."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.broker.formats import (
    ATTEMPT_ID,
    NODE_NAME,
    REPORT_FORMATS,
    AttemptKey,
    attempt_key,
    from_message,
)
from crobot_tasks.broker.json_values import storable
from crobot_tasks.broker.progress import Progress, checked_progress
from crobot_tasks.head.incoming_report import checked_report, is_report
from crobot_tasks.lifecycle.finishing.report import Report

log = logging.getLogger(__name__)

#: the columns that hold them are no wider
_NUMBERS = {
    "beat": (0, 2**63 - 1),
    "cores": (1, 2**15 - 1),
    "memory_bytes": (0, 2**63 - 1),
    "disk_bytes": (0, 2**63 - 1),
    "queued": (0, 2**31 - 1),
    "pending_reports": (0, 2**31 - 1),
    "message_format": (0, 2**15 - 1),
}
_TEXTS = ("software",)
_DICTS = ("pipelines", "unavailable")
#: digits of a time, which grow with every start; isdigit() would take those of other scripts, and ²
_INCARNATION = re.compile(r"[0-9]{1,30}")
#: characters of one text, and entries of one list or dict: far more than any node has
_CHARACTERS, _ENTRIES = 4096, 20_000
#: while no head is there, a node keeps the reports of all that it had
_ATTEMPTS = 1_000_000
#: older nodes do not send it, nor which format of messages they read, which was the first, nor what their spool has
_SINCE_0_2 = ("tags",)


def readable(message: Any) -> bool:
    """Whether this head knows the message's format, and can tell whose it is; says so if not."""
    try:
        if message["format"] not in REPORT_FORMATS:
            raise BadInput(
                f"its format is {message['format']!r}, this head reads {REPORT_FORMATS}: upgrade it"
            )
        if not isinstance(message["node"], str) or not NODE_NAME.fullmatch(message["node"]):
            raise BadInput("its node has no name")
        if not isinstance(message["incarnation"], str) or not _INCARNATION.fullmatch(message["incarnation"]):
            raise BadInput("its incarnation is not one")
    except (BadInput, TypeError, LookupError) as error:
        node = message.get("node") if isinstance(message, Mapping) else None
        log.error("a message of node %.80r is dropped: %s", node, error, extra={"node": str(node)[:80]})
        return False
    return True


def description(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a heartbeat says of its node, by the names of its columns.

    Raises:
        BadInput: it is not what a node would say.
    """
    message = {"message_format": 1, "pending_reports": 0} | from_message(message)
    described: dict[str, Any] = {name: _number(message, name) for name in _NUMBERS}
    described |= {name: _text(name, message.get(name)) for name in _TEXTS}
    described |= {name: _dict(name, message.get(name)) for name in _DICTS}
    described |= {name: _list(name, message.get(name, [])) for name in _SINCE_0_2}
    # None: the same as in the heartbeat that named them last
    described["local_data"] = _list("local_data", message["local_data"]) if "local_data" in message else None
    return described | {"name": message["node"], "incarnation": message["incarnation"]}


def attempts(message: Mapping[str, Any], name: str) -> list[AttemptKey]:
    """Return (job id, attempt) of whatever looks like an attempt in the list ``name``.

    Raises:
        BadInput: it is no list of texts.
    """
    texts = _list(name, from_message(message).get(name), _ATTEMPTS)
    return [attempt_key(text) for text in texts if ATTEMPT_ID.fullmatch(text)]


def reports(message: Mapping[str, Any]) -> list[Report]:
    """Return the reports in a message, without those that are none.

    Raises:
        BadInput: they are no list.
    """
    found = message.get("reports")
    if not isinstance(found, list):
        raise BadInput(f"its reports are {type(found).__name__}, not a list")
    usable = [one for one in found if is_report(one)]
    if len(usable) < len(found):
        node = message["node"]
        log.error(
            "%d reports of node %s are none, and dropped",
            len(found) - len(usable),
            node,
            extra={"node": node},
        )
    return [checked_report(one, message["node"]) for one in usable]


def progress(message: Mapping[str, Any]) -> dict[AttemptKey, Progress]:
    """Return what bodies say of how far they are; what is odd is left out. Older nodes say nothing.

    Raises:
        BadInput: it is no list.
    """
    found = message.get("progress", [])
    if not isinstance(found, list):
        raise BadInput(f"its progress is {type(found).__name__}, not a list")
    told: dict[AttemptKey, Progress] = {}
    for one in found:
        try:
            if not is_report(one):
                raise BadInput(f"{one!r:.80} names no attempt")
            told[attempt_key(one["id"])] = checked_progress(one.get("state"), one.get("meta"))
        except BadInput as error:
            node = message["node"]
            log.error("progress that node %s tells of is dropped: %s", node, error, extra={"node": node})
    return told


def _number(message: Mapping[str, Any], name: str) -> int:
    value, (least, most) = message.get(name), _NUMBERS[name]
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadInput(f"{name} is {value!r:.40}, not a whole number from {least} to {most}")
    return value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > _CHARACTERS or storable(value) != value:
        raise BadInput(f"{name} is {value!r:.40}, not a text of at most {_CHARACTERS} characters")
    return value


def _list(name: str, value: Any, most: int = _ENTRIES) -> list[str]:
    if not isinstance(value, list) or len(value) > most:
        raise BadInput(f"{name} is {value!r:.40}, not a list of at most {most} texts")
    return [_text(name, one) for one in value]


def _dict(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > _ENTRIES:
        raise BadInput(f"{name} is {value!r:.40}, not a dict of at most {_ENTRIES} texts")
    return {_text(name, key): _text(name, one) for key, one in value.items()}
