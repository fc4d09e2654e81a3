"""(e) The outbox: plain calls that are committed are published, and each is begun once however often it is."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from crobot_tasks.broker.json_values import revive
from crobot_tasks.broker.queues import UNREACHABLE
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.sending.kept_calls import KeptTask
from db.crobot import messages
from db.engine import patiently, retrying, transaction

log = logging.getLogger(__name__)

#: the header by which a worker of ours knows which call it runs
HEADER = "crobot_message"


def publish(calls: Sequence[Mapping[str, Any]]) -> None:
    """Publish committed calls, and note it; those that the broker does not take now are published later.

    A call of a `KeptTask` is not noted: it is published again until it is done.
    """
    done = list(_published(calls))

    def note() -> None:
        with transaction() as session:
            messages.published(session, done)

    if done:
        retrying(note)


def _published(calls: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    with app.producer_or_acquire() as producer:
        for call in calls:
            try:
                _publish(producer, call)
            except UNREACHABLE as error:
                log.warning("the broker takes no calls now, they will be published: %s", error)
                return
            # An option that means nothing to this broker: it would not be taken the next time, either.
            except Exception:
                log.exception("the call %s of %s cannot be published", call["task_id"], call["name"])
            if not isinstance(app.tasks.get(call["name"]), KeptTask):
                yield str(call["id"])


def _publish(producer: Any, call: Mapping[str, Any]) -> None:
    options = revive(call["options"])
    options["headers"] = (options.get("headers") or {}) | {HEADER: str(call["id"])}
    app.publish(
        call["name"],
        args=tuple(revive(call["args"])),  # as Celery calls show them
        kwargs=revive(call["kwargs"]),
        task_id=call["task_id"],
        producer=producer,
        add_to_parent=False,
        **options,
    )


def publish_left_over(after_s: float) -> None:
    """Publish what a head left over that died after its commit, or whose broker was away."""
    with transaction() as session:
        left = messages.left_over(session, after_s)
    if left:
        publish([dict(row._mapping) for row in left])


def is_first(message_id: str) -> bool:
    """Whether this is the first copy of its message that is begun."""

    def begin() -> bool:
        with transaction() as session:
            return messages.begin(session, message_id)

    return patiently(begin)
