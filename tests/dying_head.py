"""Imported by a head, it kills that head between the commit of its first dispatch and the first message."""

from __future__ import annotations

import os
from typing import Any

from crobot_tasks.head import dispatch


def _die(*_: Any) -> None:
    os._exit(1)


dispatch._send = _die
