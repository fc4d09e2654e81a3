"""What tests of posted outcomes share: jobs whose outcomes are posted, deliveries, and time that passes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crobot_tasks.lifecycle.calls.job_result import JobResult
from crobot_tasks.tasks import job_task
from crobot_tasks.webhooks import outcomes
from db.engine import notify, transaction
from tests.processes import query, wait_for
from tests.web_apps import WebApp

#: starts a web app that gives these answers
Serve = Callable[..., WebApp]


def send(url: str, **params: Any) -> JobResult:
    """Send a probe whose outcome is posted."""
    with transaction():
        sent: JobResult = job_task("probe").apply_async(kwargs={"params": params})
        outcomes.post_job(sent.job_id, url)
        return sent


def over(app: WebApp, count: int = 1) -> list[Any]:
    """The deliveries to an app once so many have ended; time passes at once."""

    def ended() -> list[Any]:
        found = of(app)
        hurry(app)
        return found if len([one for one in found if one.state != "waiting"]) >= count else []

    return wait_for(f"{count} deliveries to end: {of(app)}", ended)


def of(app: WebApp) -> list[Any]:
    return query("SELECT * FROM crobot.deliveries WHERE origin = :origin ORDER BY id", origin=app.origin)


def tried(app: WebApp) -> Any:
    """The only delivery to an app, once its first try is over."""

    def found() -> Any:
        return [one for one in of(app) if one.tries == 1 and (one.error or one.state != "waiting")]

    return wait_for("a try", found)[0]


def hurry(app: WebApp) -> None:
    """What is to be tried later is tried now; what somebody has in hand is left alone."""
    with transaction() as session:
        query(
            "UPDATE crobot.deliveries SET due_at = now() WHERE origin = :origin AND claim IS NULL RETURNING id",
            origin=app.origin,
        )
        notify(session, "crobot_deliveries")
