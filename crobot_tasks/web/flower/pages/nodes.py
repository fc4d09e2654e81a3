"""The calculation nodes, also those that are gone; operators drain and resume them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.operate import explain
from crobot_tasks.operate.nodes import describe, drain, resume
from crobot_tasks.web.flower.changing import ChangingPage, Form, Noted, once
from crobot_tasks.web.flower.steering.fields import given_by
from db.crobot import jobs


class Nodes(ChangingPage):
    """What each node offers, what it is doing, and what it lacks."""

    template, tab = "nodes.html", "nodes"
    follows = ("jobs", "cluster")

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read them."""
        return {
            "nodes": [describe(row) for row in jobs.nodes(session)],
            "warning": explain.heads_warning(session),
        }

    def purpose(self, *path: str) -> str:
        """Return which node it is about, and what."""
        return f"node {self.given('what')} {self.given('node')}"

    def change(self, form: Form, *path: str) -> Noted:
        """Drain a node, or resume it."""
        what, node = self.given("what"), self.given("node")
        if what == "drain":
            reason = given_by(self.given, ("reason",)).reason
            if not reason:
                raise BadInput(f"say why {node} is drained, for those who wonder")
            return once(form.begun("node drain", node, reason), partial(_drain, node, reason))
        return once(form.begun("node resume", node), partial(_resume, node))


def _drain(node: str, reason: str, session: Any) -> str:
    live = drain(session, node, reason)
    return f"it finishes {live} job{'s' if live != 1 else ''}" if live else "it has no jobs"


def _resume(node: str, session: Any) -> str:
    resume(session, node)
    return "it gets jobs again"
