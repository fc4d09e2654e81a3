"""What a head does with messages that are not for it: it passes them on, and runs nobody's code but its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery import Task
from celery.exceptions import Ignore

import celeryconfig
from crobot_tasks.broker import deputy
from crobot_tasks.broker.consumer import PatientConsumer
from crobot_tasks.broker.queues import CALLBACKS
from crobot_tasks.celery import BOOKKEEPING, app
from crobot_tasks.lifecycle.job_task import JobTask
from crobot_tasks.lifecycle.settling.errbacks import call_errback

Strategy = Callable[..., None]


class Strategies(dict[str, Strategy]):
    """What a head does with a task's message, by the name of the task."""

    #: for all names that it has not; None: Celery refuses them as unknown
    otherwise: Strategy | None = None

    def __missing__(self, name: str) -> Strategy:
        if self.otherwise is None:
            raise KeyError(name)
        return self.otherwise


class HeadConsumer(PatientConsumer):
    """Runs the head's own tasks, parks jobs, and passes everything else on to `crobot callbacks`.

    Such messages come from programs and heads of version 0.1, which send plain tasks to ``crobot.settle``.
    """

    Strategies = Strategies

    def update_strategies(self) -> None:
        """Choose anew what is done with each task."""
        super().update_strategies()
        if celeryconfig.crobot_callbacks_in_head:
            return
        for name in [name for name, task in self.app.tasks.items() if not is_for_heads(task)]:
            del self.strategies[name]
        self.strategies.otherwise = deputy.strategy(pass_on, self.app, self)


def is_for_heads(task: Any) -> bool:
    """Whether a head sees to the messages of this task itself."""
    if isinstance(task, JobTask) or task.name in BOOKKEEPING:
        return True
    return bool(task.name.startswith("crobot.")) and task.name != call_errback.name


@app.task(base=Task, name="crobot.pass_on", acks_late=True, send_events=False)
def pass_on(message: dict[str, Any]) -> None:
    """Give a message to `crobot callbacks`; the broker keeps it until it is there.

    Raises:
        Ignore: it is there.
    """
    with app.producer_or_acquire() as producer:
        producer.publish(
            (message["args"], message["kwargs"], message["embed"]),
            exchange="",
            routing_key=CALLBACKS,
            serializer="json",
            headers=message["headers"],
            retry=True,
            retry_policy={"max_retries": None, "interval_max": 1},
            **message["properties"],
        )
    raise Ignore(f"it is in {CALLBACKS}")
