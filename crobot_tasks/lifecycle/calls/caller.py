"""(a) What Celery's message would say of a call: its body's `self.request`, and what listeners to sends are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from celery import signals
from celery.app.task import Context

from crobot_tasks.broker.json_values import plain

#: what Celery takes of a call's options for a message
_OF_MESSAGE = (
    "countdown eta expires group_id group_index retries chord reply_to time_limit soft_time_limit root_id parent_id"
    " shadow chain ignore_result stamped_headers replaced_task_nesting"
).split()
#: headers that a request needs not: the node's own message has them
_NOT_KEPT = {"lang", "task", "argsrepr", "kwargsrepr"}
#: what a header says of a call without options, besides what Celery takes for granted
_USUAL: tuple[Any, ...] = (None, "", [], {}, [None, None])
#: the signals that are given headers
_HEARD = (signals.before_task_publish, signals.after_task_publish)
#: a job is not published, and its queue is chosen later
_NOWHERE: dict[str, Any] = {"exchange": "", "routing_key": ""}


def is_heard() -> bool:
    """Whether anybody listens to sends here."""
    before, after = _HEARD
    return bool(before.receivers or after.receivers or signals.task_sent.receivers)


@dataclass(frozen=True)
class Message:
    """The message that Celery would have published."""

    headers: dict[str, Any]
    #: args, kwargs and what continues
    body: tuple[Any, ...]
    #: names of headers that are not Celery's
    custom: frozenset[str]

    def request(self) -> dict[str, Any]:
        """Return what is kept for the body's request, as plain JSON."""
        kept = {name: value for name, value in self.headers.items() if self._is_kept(name, value)}
        return dict(plain(kept, "headers"))

    def _is_kept(self, name: str, value: Any) -> bool:
        if name in self.custom:
            return True
        return name not in _NOT_KEPT and value not in _USUAL and value != getattr(Context, name, None)


def message_of(
    task: Any, args: Any, kwargs: dict[str, Any], task_id: str, options: dict[str, Any]
) -> Message:
    """Return the message, as listeners to Celery's `before_task_publish` leave it."""
    names = [*_OF_MESSAGE, *(options.get("stamped_headers") or [])]
    given = {name: options[name] for name in names if options.get(name) is not None}
    if not any(signal.receivers for signal in _HEARD):
        # what only a listener sees: to make it takes a tenth of the time of a send
        given |= {"argsrepr": "", "kwargsrepr": ""}
    made = task.app.amqp.as_task_v2(
        task_id,
        task.name,
        args,
        kwargs,
        callbacks=options.get("link"),
        errbacks=options.get("link_error"),
        **given,
    )
    headers = {**made.headers, **(options.get("headers") or {})}
    properties = {**made.properties, "reply_to": options.get("reply_to") or task.app.thread_oid}
    if (priority := options.get("priority")) is not None:
        properties["priority"] = priority
    signals.before_task_publish.send(
        sender=task.name,
        body=made.body,
        headers=headers,
        properties=properties,
        declare=[],
        retry_policy={},
        **_NOWHERE,
    )
    own = {name: properties[name] for name in ("reply_to", "priority") if name in properties}
    return Message({**headers, **own}, made.body, frozenset(headers.keys() - made.headers.keys()))


def tell_sent(name: str, message: Message) -> None:
    """Tell listeners to Celery's `after_task_publish` and `task_sent` that the call is stored."""
    headers, (args, kwargs, _) = message.headers, message.body
    signals.after_task_publish.send(sender=name, body=message.body, headers=headers, **_NOWHERE)
    signals.task_sent.send(
        sender=name,
        task_id=headers["id"],
        task=name,
        args=args,
        kwargs=kwargs,
        eta=headers["eta"],
        taskset=headers["group"],
    )
