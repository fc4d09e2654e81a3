"""Imported by a head, it kills that head when Celery has sent a job's callbacks, before this is noted."""

from __future__ import annotations

import os

from crobot_tasks.lifecycle import settle


def _die(task_id: str) -> None:
    os._exit(1)


settle._mark = _die
