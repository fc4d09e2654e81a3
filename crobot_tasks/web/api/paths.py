"""Where things are in the API."""

from __future__ import annotations

from urllib.parse import quote

from flask import url_for

#: all but what the original had elsewhere
ROOT = "/api/v1.0"


def job_path(job_id: int) -> str:
    """Return the path of a job."""
    return url_for("crobot-jobs.show", job_id=job_id)


def file_path(job_id: int, name: str) -> str:
    """Return the path of a job's file."""
    return f"{job_path(job_id)}/files/{quote(name, safe='')}"
