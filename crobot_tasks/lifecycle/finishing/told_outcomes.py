"""(d) Outcomes that are posted to web apps: written as deliveries in the transaction that ends the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from db.crobot import deliveries

#: a larger result is not in the message, but at its path
INLINE_BYTES = 64 * 1024
#: where the HTTP API has jobs
JOBS_PATH = "/api/v1.0/jobs"


def of_jobs(session: Any, job_ids: Sequence[int], url: str | None = None) -> None:
    """Write how these jobs have just ended, for all who want it, or for one address."""
    deliveries.of_jobs(session, job_ids, INLINE_BYTES, JOBS_PATH, url)
