"""Imported by a head, it kills that head when Celery has collected what follows a job, before that is committed."""

from __future__ import annotations

import os
from typing import Any

from crobot_tasks.lifecycle import settle


def _die(*_: Any) -> None:
    os._exit(1)


settle._send = _die
