"""The calculation nodes, also those that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crobot_tasks.operate import explain
from crobot_tasks.operate.nodes import describe
from crobot_tasks.web.flower.page import Page
from db.crobot import jobs


class Nodes(Page):
    """What each node offers, what it is doing, and what it lacks."""

    template, tab = "nodes.html", "nodes"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read them."""
        return {
            "nodes": [describe(row) for row in jobs.nodes(session)],
            "warning": explain.heads_warning(session),
        }
