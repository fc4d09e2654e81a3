"""Losing the broker is survived, with a message in hand, and work goes on as fast as before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from kombu.transport import redis

from crobot_tasks.broker import kombu_patches
from crobot_tasks.broker.queues import HEARTBEATS, REPORTS, SETTLE, node_queue, queue
from crobot_tasks.celery import app
from crobot_tasks.embedded.access import Access
from crobot_tasks.embedded.valkey import Valkey
from tests import ends
from tests.canvas_tasks import jobs
from tests.processes import PATIENCE_S, Cluster, wait_for


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    server = Valkey(tmp_path, Access(), lambda: None)
    server.ensure()
    yield server
    server.stop()


@pytest.fixture
def kombus_own() -> Iterator[None]:
    """kombu as it comes, again, after the test."""
    former = redis.Transport.Channel, redis.Channel.QoS
    redis.Transport.Channel, redis.Channel.QoS = redis.Channel, redis.QoS
    yield
    redis.Transport.Channel, redis.Channel.QoS = former


def holding_a_message(valkey: Valkey) -> Connection:
    """Take a message, and do not acknowledge it."""
    connection = Connection(valkey.url)
    assert taken(connection).payload == {"job": 17}
    return connection


def taken(connection: Connection, name: str = "work") -> Any:
    """A message that was sent and taken over a connection, and is not acknowledged."""
    queue = connection.SimpleQueue(name)
    queue.put({"job": 17})
    return queue.get(timeout=PATIENCE_S)


def drop(connection: Connection) -> None:
    """As a worker drops a lost connection: its transport goes first, its channel after it."""
    connection.transport.client = None
    connection.default_channel.close()


def test_a_lost_connection_with_a_message_in_hand_is_dropped_in_peace(
    valkey: Valkey, kombus_own: None
) -> None:
    kombu_patches.survive_lost_connections()
    connection = holding_a_message(valkey)
    valkey.stop()
    drop(connection)


@pytest.mark.parametrize("answer", ["ack", "reject", "requeue"])
def test_what_is_answered_after_its_connection_was_dropped_is_lost_and_no_defect(
    valkey: Valkey, kombus_own: None, answer: str
) -> None:
    """Celery's loop comes to an answer after it has connected again; any other error would end the worker."""
    kombu_patches.survive_lost_connections()
    connection = Connection(valkey.url)
    message = taken(connection)
    drop(connection)
    with pytest.raises(connection.connection_errors, match="was lost"):
        getattr(message, answer)()


def test_kombu_still_needs_the_cure(valkey: Valkey, kombus_own: None) -> None:
    connection = holding_a_message(valkey)
    valkey.stop()
    with pytest.raises(AttributeError, match="hostname"):
        drop(connection)


def test_at_a_regular_end_a_message_in_hand_goes_back(valkey: Valkey, kombus_own: None) -> None:
    kombu_patches.survive_lost_connections()
    holding_a_message(valkey).close()
    with Connection(valkey.url) as connection:
        assert connection.SimpleQueue("work").get(timeout=PATIENCE_S).payload == {"job": 17}


#: of messages that somebody sends again
MADE_GOOD = pytest.mark.parametrize("name", [node_queue("n1"), REPORTS, HEARTBEATS])


@MADE_GOOD
def test_what_is_sent_again_is_stored_once_and_put_back_all_the_same(
    valkey: Valkey, kombus_own: None, name: str
) -> None:
    kombu_patches.survive_lost_connections()
    connection = Connection(valkey.url)
    taken(connection, name)
    with connection.default_channel.conn_or_acquire() as client:
        assert client.keys("unacked*") == []
    connection.close()
    with Connection(valkey.url) as another:
        back = another.SimpleQueue(name).get(timeout=PATIENCE_S)
        assert back.payload == {"job": 17}
        assert back.headers["redelivered"] is True


@MADE_GOOD
@pytest.mark.parametrize(("answer", "left"), [("ack", 0), ("reject", 0), ("requeue", 1)])
def test_what_is_sent_again_and_was_answered_frees_its_slot_and_is_not_put_back(
    valkey: Valkey, kombus_own: None, name: str, answer: str, left: int
) -> None:
    kombu_patches.survive_lost_connections()
    connection = Connection(valkey.url)
    message = taken(connection, name)
    qos = message.channel.qos
    qos.prefetch_count = 1
    assert not qos.can_consume()
    getattr(message, answer)()
    assert qos.can_consume()
    connection.close()
    with Connection(valkey.url) as another, another.default_channel.conn_or_acquire() as client:
        assert client.llen(name) == left


def test_what_nobody_sends_again_is_kept_by_the_broker_while_it_is_in_hand(
    valkey: Valkey, kombus_own: None
) -> None:
    kombu_patches.survive_lost_connections()
    with Connection(valkey.url) as connection:
        taken(connection, SETTLE)
        with connection.default_channel.conn_or_acquire() as client:
            assert client.hlen("unacked") == 1


def test_who_could_not_acknowledge_a_message_asks_for_no_more_before_connecting_again(
    valkey: Valkey, kombus_own: None
) -> None:
    """kombu counts the message as taken for ever: with all slots lost so, it would wait for ever, too."""
    kombu_patches.survive_lost_connections()
    connection = Connection(valkey.url)
    message = taken(connection)
    qos = message.channel.qos
    assert qos.can_consume()
    valkey.stop()
    with pytest.raises(connection.connection_errors):
        message.ack()
    with pytest.raises(connection.connection_errors):
        qos.can_consume()
    drop(connection)


def test_a_head_reads_as_fast_as_before_after_all_its_connections_were_cut(cluster: Cluster) -> None:
    app.backend.client.client_kill_filter(_type="normal", skipme=True)
    app.backend.client.client_kill_filter(_type="pubsub", skipme=True)
    ends.complete([jobs.add.delay(1, number).job_id for number in range(20)])  # everybody is back
    for _ in range(150):
        app.send_task("crobot.rescue", queue=queue(HEARTBEATS), ignore_result=True)
    # one that looks at its queues once a second takes four a second, and needs 37 s
    wait_for("the messages to be read", lambda: app.backend.client.llen(HEARTBEATS) == 0, 30)


def test_a_channel_has_one_client_until_its_connections_are_lost(valkey: Valkey, kombus_own: None) -> None:
    kombu_patches.survive_lost_connections()
    with Connection(valkey.url) as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
        channel._disconnect_pools()
        with channel.conn_or_acquire() as third:
            assert third is not first
            assert third.ping()


def test_channels_to_sentinel_have_the_cure_too(kombus_own: None) -> None:
    kombu_patches.survive_lost_connections()
    assert redis.SentinelChannel.QoS is redis.Transport.Channel.QoS is kombu_patches.QoS
