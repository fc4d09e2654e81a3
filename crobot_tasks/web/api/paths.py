"""Where things are in the API."""

from __future__ import annotations

from urllib.parse import quote

from flask import request, url_for
from werkzeug.exceptions import NotFound

from crobot_tasks.broker.json_values import storable

#: all but what the original had elsewhere
ROOT = "/api/v1.0"


def check() -> None:
    """Refuse a path with a name in it that nothing in the database can have, before it is asked.

    Raises:
        NotFound: there is nothing of such a name.
    """
    for text in (request.view_args or {}).values():
        if isinstance(text, str) and storable(text) != text:
            raise NotFound("nothing has a name with NUL or half a surrogate pair in it")


def job_path(job_id: int) -> str:
    """Return the path of a job."""
    return url_for("crobot-jobs.show", job_id=job_id)


def file_path(job_id: int, name: str) -> str:
    """Return the path of a job's file."""
    return f"{job_path(job_id)}/files/{quote(name, safe='')}"


def batch_path(name: str) -> str:
    """Return the path of a batch."""
    return url_for("crobot-batches.show", name=name)
