"""The broker: its version, and settings with which it drops messages or takes none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from redis.exceptions import ResponseError

from crobot_tasks.broker.memory import memory_of
from crobot_tasks.celery import app
from crobot_tasks.operate.amounts import size
from crobot_tasks.operate.doctor.finding import Finding, ok, problem, warning
from crobot_tasks.operate.doctor.seen import Seen

#: Redis below it lacks commands that Celery's transport uses
OLDEST = (6, 2)
#: share of the memory that may be taken
MOST_MEMORY = 0.8


def examine(seen: Seen) -> Iterator[Finding]:
    """Look at the broker."""
    app.set_addresses()
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)
        if connection.transport.driver_type == "redis":
            yield from _of_redis(connection.default_channel.client)
        else:
            yield _of_rabbitmq(connection.connection.server_properties)


def _of_rabbitmq(properties: Mapping[str, Any]) -> Finding:
    return ok(f"{properties.get('product', 'the broker')} {properties.get('version', '')}".strip())


def _of_redis(client: Any) -> Iterator[Finding]:
    info = client.info("everything")
    yield from _of_version(info)
    yield from _of_eviction(info)
    yield from _of_persistence(client, info)
    yield from _of_memory(info)
    if info.get("role") != "master":
        yield problem(
            f"the broker is a {info.get('role')} and takes no messages",
            "nothing is sent to nodes, and nothing heard of them",
            "name the primary in CROBOT_BROKER_URL",
        )


def _of_version(info: Mapping[str, Any]) -> Iterator[Finding]:
    name = "Valkey" if info.get("valkey_version") else "Redis"
    version = str(info.get("valkey_version") or info["redis_version"])
    # Valkey says of itself with which Redis it goes together
    if tuple(map(int, str(info["redis_version"]).split(".")[:2])) < OLDEST:
        yield problem(
            f"{name} {version} is older than {'.'.join(map(str, OLDEST))}",
            "it lacks commands that workers need",
            "install a newer one, or Valkey",
        )
    else:
        yield ok(f"{name} {version}")


def _of_eviction(info: Mapping[str, Any]) -> Iterator[Finding]:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        yield ok("the broker forgets nothing by itself (maxmemory-policy noeviction)")
        return
    judge = problem if info.get("maxmemory") else warning
    yield judge(
        f"the broker has maxmemory-policy {policy}",
        "when its memory is full it drops queues, with all orders and reports in them, and counters of chords",
        "CONFIG SET maxmemory-policy noeviction, and the same in its file",
    )


def _of_persistence(client: Any, info: Mapping[str, Any]) -> Iterator[Finding]:
    if info.get("rdb_last_bgsave_status", "ok") != "ok":
        stops = _setting(client, "stop-writes-on-bgsave-error") == "yes"
        judge = problem if stops else warning
        yield judge(
            "the broker could not save its data the last time (rdb_last_bgsave_status)",
            "it refuses every message until it can" if stops else "a restart brings back old messages",
            "make room on its disk, and look at its log",
        )
    elif not info.get("aof_enabled") and _setting(client, "save") == "":
        yield warning(
            "the broker keeps nothing on its disk (no save, no appendonly)",
            "a restart empties it: no job is lost, but each that was on its way is sent again, after a delay",
            "set `save 60 1` in its file",
        )
    else:
        yield ok("the broker keeps its messages on its disk")


def _setting(client: Any, name: str) -> str | None:
    """Return a setting; None if the server does not tell, as those of some providers."""
    try:
        return str(client.config_get(name).get(name))
    except ResponseError:
        return None


def _of_memory(info: Mapping[str, Any]) -> Iterator[Finding]:
    used, most = memory_of(info)
    what = f"the broker has {size(used)} of {size(most)} of memory in use"
    if most and used > MOST_MEMORY * most:
        yield problem(
            what,
            "when it is full it refuses messages: nothing is sent, and nothing reported",
            "raise maxmemory; look for queues that nobody reads",
        )
    else:
        yield ok(what)
