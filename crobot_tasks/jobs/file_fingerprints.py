"""What tells whether a file has changed without reading it: its size, and when it was last written."""

from __future__ import annotations

import os
from typing import Any


def stamps(value: Any) -> Any:
    """Return the value with size and time of writing (ns) beside each path of a file; accessions stay as they are."""
    if isinstance(value, dict):
        return {name: stamps(one) for name, one in value.items()}
    if isinstance(value, list):
        return [stamps(one) for one in value]
    if not isinstance(value, str) or not value.startswith("/"):
        return value
    try:
        found = os.stat(value)
    except OSError:
        # refused with a reason when the job is checked
        return value
    return [value, found.st_size, found.st_mtime_ns]
