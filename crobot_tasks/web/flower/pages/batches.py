"""The batches, and how one stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tornado import web

from crobot_errors import UnknownBatch
from crobot_tasks.batches.overview import OVER, of_batch
from crobot_tasks.web.flower.page import Page
from db.crobot import batches

_LIMIT = 200


class Batches(Page):
    """The newest batches."""

    template, tab = "batches.html", "batches"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read them, also those that are over."""
        return {"batches": [of_batch(session, row) for row in batches.listed(session, _LIMIT, over=True)]}


class Batch(Page):
    """One batch: what became of its items."""

    template, tab = "batch.html", "batches"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Count its items."""
        try:
            batch = of_batch(session, batches.known(session, path[0]))
        except UnknownBatch as error:
            raise web.HTTPError(404, str(error)) from error
        return {"batch": batch, "again_s": 0 if batch["state"] in OVER else self.again_s}
