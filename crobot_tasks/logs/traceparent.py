"""`traceparent` of the W3C's Trace Context (https://www.w3.org/TR/trace-context/): by which trace a call belongs to.

It is kept and handed on as it came; nothing here makes spans of its own.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

HEADER = "traceparent"
_FIELDS = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
#: the only version that there is; a later one may go on after its first four fields
_KNOWN, _INVALID = "00", "ff"
#: the only flag that the known version defines
_SAMPLED = 0x01

#: of the request that is being served; what is sent meanwhile belongs to its trace
arrived: ContextVar[str | None] = ContextVar("traceparent", default=None)


def parse(text: object) -> str | None:
    """Return a traceparent as it is handed on; None if it is none, which means: begin as if it were not there.

    Of a later version the fields that the known one has count, and it is handed on as the known one.
    """
    if not isinstance(text, str) or (fields := _FIELDS.fullmatch(text)) is None:
        return None
    version, trace_id, parent_id, flags, more = fields.groups()
    if version == _INVALID or not int(trace_id, 16) or not int(parent_id, 16):
        return None
    if version == _KNOWN:
        return None if more else text
    return f"{_KNOWN}-{trace_id}-{parent_id}-{int(flags, 16) & _SAMPLED:02x}"
