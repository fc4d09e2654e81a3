"""The Celery app: Celery's settings, and the addresses of the broker and the results, asked for at first use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from types import MappingProxyType
from typing import Any, Protocol

from celery import Celery
from celery.utils import uuid

import celeryconfig
from crobot_tasks import addresses
from workers.attempt import Attempt
from workers.job import JobInput

#: our store in Redis or Valkey, as Celery takes it before the address
_STORE = "crobot_tasks.lifecycle.settling.result_backend:ResultStore+"
#: schemes of the result stores whose chords we look after
_RESULTS_IN_MEMORY = ("redis", "rediss", "valkey")
#: tasks of all processes, whatever they do: their modules load no database
_EVERYWHERE = [
    "crobot_tasks.tasks",
    "crobot_tasks.lifecycle.settling.errbacks",
    "crobot_tasks.lifecycle.calls.park_message",
]
#: so the addresses for replies begin of whoever has our code
OURS = "crobot."
#: Celery's own tasks that run no other; its map, starmap and chunks call a task's body
BOOKKEEPING = frozenset(
    f"celery.{name}" for name in "accumulate backend_cleanup chain chord chord_unlock group".split()
)


def results_url(url: str) -> str:
    """Return the address of a result store as Celery takes it, with the class that knows jobs."""
    scheme = url.partition("://")[0]
    if scheme in _RESULTS_IN_MEMORY:
        return _STORE + url
    if scheme.startswith("db+"):
        return f"crobot_tasks.lifecycle.settling.result_table:ResultTable+{url.removeprefix('db+')}"
    return url


class Node(Protocol):
    """What the worker of a calculation node does for the tasks that it runs; `crobot_tasks.node.run_attempt` has it."""

    def run(self, task: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """(c) Run the body of a JobTask, if this attempt was not begun before."""

    def attempt(self, request: Any, job: JobInput) -> Attempt:
        """Return the attempt that a message asks for."""

    def tell(self, request: Any, state: str | None, meta: Any) -> None:
        """Tell the heads how far the attempt of a body is."""


class CRobotApp(Celery):
    """Celery, with servers that are started at first use when none are configured."""

    control_cls = "crobot_tasks.lifecycle.control:Control"
    #: the base of tasks that are no jobs
    task_cls = "crobot_tasks.lifecycle.calls.plain_task:PlainTask"
    #: set in the processes of a calculation node, which have no database
    node: Node | None = None
    #: transport options of what this process consumes, beside the settings' own
    reads: Mapping[str, Any] = MappingProxyType({})

    @cached_property
    def parking(self) -> Any:
        """What a call of a JobTask needs of the database.

        It is loaded by name, by the first process that sends or asks: nodes know the same tasks, and load no database.
        """
        return import_module("crobot_tasks.lifecycle.park")

    @cached_property
    def revoking(self) -> Any:
        """What a revoke needs of the database; loaded by name, too."""
        return import_module("crobot_tasks.lifecycle.revoke")

    @cached_property
    def outbox(self) -> Any:
        """What a plain task needs of the database that was committed before it was published; loaded by name, too."""
        return import_module("crobot_tasks.lifecycle.sending.outbox")

    @property
    def thread_oid(self) -> str:
        """Where Celery's replies to this thread would go; by it a job knows that its sender has our code."""
        return OURS + super().thread_oid

    @cached_property
    def door(self) -> Any:
        """What a send by name means here; loaded by name, since it knows jobs, and jobs know this app."""
        return import_module("crobot_tasks.lifecycle.sending.send_task")

    def send_task(
        self,
        name: str,
        args: Any = None,
        kwargs: Any = None,
        countdown: float | None = None,
        eta: Any = None,
        task_id: str | None = None,
        **options: Any,
    ) -> Any:
        """Send a task by its name: a job is parked; any other is published, or collected with what a job sends."""
        options |= {"countdown": countdown, "eta": eta, "task_id": task_id}
        return self.door.send_task(self, name, args, kwargs, options)

    def publish(self, name: str, **options: Any) -> Any:
        """Publish a message to a task of this name here and now, whatever the task is."""
        if name in BOOKKEEPING:
            options["queue"] = "crobot.settle"
        return super().send_task(name, **options)

    def publish_into(
        self,
        queue: Any,
        name: str,
        *,
        producer: Any,
        task_id: str | None = None,
        headers: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Publish a message to a task of this name into a queue of kombu, declared before; nobody asks for its result.

        Celery's own way, above, looks for the queue, declares it, asks listeners and makes a result with each message:
        two thirds of the time that a message takes. A producer whose connection was lost connects again, as there.

        Raises:
            OperationalError: the broker does not take it.
        """
        message = self.amqp.create_task_message(
            task_id or uuid(), name, ignore_result=True, reply_to=self.thread_oid, **options
        )
        # Only when it declares, kombu finds that the channel was closed with its connection, and opens another one.
        declare = [] if producer.channel.connection else [queue]
        producer.publish(
            message.body,
            exchange="",
            routing_key=queue.name,
            declare=declare,
            serializer="json",
            headers={**message.headers, **(headers or {})},
            retry=True,
            retry_policy=self.conf.task_publish_retry_policy,
            **message.properties,
        )

    def set_addresses(self) -> None:
        """Give Celery the broker's and the results' addresses, if it does not have them yet."""
        if self.conf.broker_url:
            return
        broker = addresses.broker_url()
        backend = celeryconfig.crobot_result_backend or broker
        if not backend.startswith(("redis", "valkey", "sentinel", "db+", "disabled", "cache")):
            # other brokers keep no results; the database is there anyway
            backend = "db+" + addresses.database_url()
        self.conf.update(broker_url=broker, result_backend=self.conf.result_backend or results_url(backend))

    @property
    def results_expire(self) -> bool:
        """Whether the store itself forgets old results; said without loading it, and the database with it."""
        self.set_addresses()
        return str(self.conf.result_backend).startswith(_STORE)

    def connection_for_read(self, *args: Any, **kwargs: Any) -> Any:
        """Connect to the broker, to consume."""
        self.set_addresses()
        return super().connection_for_read(*args, **{"transport_options": self.reads} | kwargs)

    def connection_for_write(self, *args: Any, **kwargs: Any) -> Any:
        """Connect to the broker, to publish."""
        self.set_addresses()
        return super().connection_for_write(*args, **kwargs)

    def _get_backend(self) -> Any:
        self.set_addresses()
        return super()._get_backend()


app = CRobotApp("crobot", include=_EVERYWHERE)
app.config_from_object("celeryconfig")
