"""The batches, and how one stands; operators pause, resume and cancel it, and send again what failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.batches.batch import Batch as OneBatch
from crobot_tasks.batches.overview import OVER, of_batch, of_batches
from crobot_tasks.web.flower.changing import ChangingPage, Form, Noted, once
from crobot_tasks.web.flower.page import Page
from crobot_tasks.web.flower.steering.fields import given_by
from db.crobot import batches

_LIMIT = 200
#: items that one form sends again, as over HTTP: they are one transaction
MOST_RESENT = 1000
#: refusals that are told of
_TOLD = 5


class Batches(Page):
    """The newest batches."""

    template, tab = "batches.html", "batches"
    follows = ("jobs", "batches")

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Read them, also those that are over."""
        return {"batches": of_batches(session, batches.listed(session, _LIMIT, over=True))}


class Batch(ChangingPage):
    """One batch: what became of its items."""

    template, tab = "batch.html", "batches"

    def look(self, session: Any, *path: str) -> Mapping[str, Any]:
        """Count its items."""
        batch = of_batch(session, batches.known(session, path[0]))
        over = batch["state"] in OVER
        return {
            "batch": batch,
            "over": over,
            "most": MOST_RESENT,
            "follows": () if over else (f"batch.{path[0]}", "batches"),
        }

    def purpose(self, *path: str) -> str:
        """Return which batch it is about, and what."""
        return f"batch {self.given('what')} {path[0]}"

    def change(self, form: Form, *path: str) -> Noted:
        """Change the batch."""
        what, name = self.given("what"), path[0]
        given = given_by(self.given, ("reason",) if what == "pause" else ())
        outcome = self.given("outcome") or None
        work: Mapping[str, Callable[[OneBatch], str | None]] = {
            "pause": lambda batch: batch.pause(given.reason),
            "resume": OneBatch.resume,
            "cancel": OneBatch.cancel,
            "resend": lambda batch: _resend(batch, outcome),
        }
        if what not in work:
            raise BadInput(f"nothing is called {what!r:.50}: choose one of {', '.join(work)}")
        detail = outcome or "" if what == "resend" else str(given)
        return once(form.begun(f"batch {what}", name, detail), lambda _: work[what](OneBatch(name)) or "")


def _resend(batch: OneBatch, outcome: str | None) -> str:
    failures = batch.standing().failures
    wanted = sum(failures.values()) if outcome is None else failures.get(outcome, 0)
    if not wanted:
        raise BadInput(
            f"nothing of batch {batch.name} has failed{f' as {outcome}' if outcome else ''} by now"
        )
    errors = batch.resend(outcome, most=MOST_RESENT)
    tried = min(wanted, MOST_RESENT)
    said = [f"{tried - len(errors):,} sent again"]
    said += [f"item {number}: {error}" for number, error in list(errors.items())[:_TOLD]]
    if len(errors) > _TOLD:
        said.append(f"and {len(errors) - _TOLD:,} more were refused")
    if wanted > tried:
        said.append(f"{wanted - tried:,} are left: send again once more")
    return "; ".join(said)
