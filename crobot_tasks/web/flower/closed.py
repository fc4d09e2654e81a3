"""Flower's own ways to send and end tasks, closed: its read-only mode leaves them open, and viewers have its password.

Jobs are changed on our pages, where it takes an operator and a token and is noted, and by the HTTP API.
"""

from __future__ import annotations

from flower.api import BaseApiHandler
from tornado import web

#: what runs a task, sends one, or aborts one
PATHS = r"/api/task/(?:apply|async-apply|send-task|abort)/.+"


class Closed(BaseApiHandler):
    """Refuses, whoever asks."""

    @web.authenticated
    def post(self) -> None:
        """Say where it is done."""
        raise web.HTTPError(
            403, "Flower sends and ends no tasks here: use the page Jobs, `crobot` or the HTTP API"
        )
