"""What is published in the short way is what Celery would publish, also after the connection was lost."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from crobot_tasks.broker.queues import queue
from crobot_tasks.celery import app
from crobot_tasks.head.leases import heartbeat
from tests.processes import PATIENCE_S

_OPTIONS: dict[str, Any] = {
    "args": [1, "two"],
    "kwargs": {"message": {"node": "calc01"}},
    "headers": {"crobot": {"format": 2}},
    "argsrepr": "calc01",
    "kwargsrepr": "",
    "soft_time_limit": 5,
    "time_limit": 10,
}


def test_the_short_way_into_a_queue_publishes_what_celery_does(tables: None) -> None:
    with app.connection_for_write() as connection:
        taken = connection.SimpleQueue(f"test.{uuid4()}")
        producer, task_id = taken.producer, str(uuid4())
        app.publish(
            heartbeat.name,
            queue=taken.queue,
            producer=producer,
            ignore_result=True,
            task_id=task_id,
            **_OPTIONS,
        )
        app.publish_into(taken.queue, heartbeat.name, producer=producer, task_id=task_id, **_OPTIONS)
        celerys, ours = taken.get(timeout=PATIENCE_S), taken.get(timeout=PATIENCE_S)
        for message in (celerys, ours):
            message.ack()
            del message.properties["delivery_tag"]
        for name in ("argsrepr", "kwargsrepr"):  # headers, which Celery repeats among the properties
            del celerys.properties[name]
        taken.queue.delete()
    assert ours.headers == celerys.headers
    assert ours.properties == celerys.properties
    assert ours.payload == celerys.payload
    assert ours.headers["crobot"] == {"format": 2}


def test_the_short_way_is_open_again_after_the_connection_was_lost(tables: None) -> None:
    with app.connection_for_read() as reading, app.connection_for_write() as writing:
        taken = reading.SimpleQueue(f"test.{uuid4()}")
        into = queue(taken.queue.name)
        producer = app.amqp.Producer(writing, auto_declare=False)
        for number in range(3):
            app.publish_into(into, heartbeat.name, producer=producer, task_id=str(number), **_OPTIONS)
            writing.collect()
            # as in beat: who looks into a queue has connected again, and the producer has not
            if number == 1:
                assert writing.default_channel is not producer.channel
        found = [taken.get(timeout=PATIENCE_S).headers["id"] for _ in range(3)]
        taken.queue.delete()
    assert found == ["0", "1", "2"]
