"""Reports that lie in a node's spool, and of which no head has read yet."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psutil

from crobot_tasks.broker.queues import node_queue
from crobot_tasks.celery import app
from tests.processes import Cluster, Process, wait_for


@contextmanager
def unread(site: Cluster, send: Callable[[], Sequence[int]]) -> Iterator[Sequence[int]]:
    """Send jobs to the only node, and let them end there; heads read of it when the block ends."""
    [head], [(name, node)] = site.heads, site.nodes.items()
    node.kill(signal.SIGSTOP)
    # a message for a client that waits for one would never lie in the queue
    wait_for("the node to wait for no message", lambda: not _waits_for_message(node))
    ids = send()
    # a head publishes after the jobs are ROUTED: stopped between the two, it would leave nothing to do
    wait_for("the messages", lambda: app.backend.client.llen(node_queue(name)) == len(ids))
    head.kill(signal.SIGSTOP)
    try:
        node.kill(signal.SIGCONT)
        spool = site.folder / "nodes" / name / "reports"
        wait_for("all reports", lambda: all(any(spool.glob(f"{job_id}.*.json")) for job_id in ids))
        yield ids
    finally:
        head.kill(signal.SIGCONT)


def _waits_for_message(node: Process) -> bool:
    """Whether the broker would hand this node a message at once."""
    ports = {connection.laddr.port for connection in psutil.Process(node.pid).net_connections()}
    clients = app.backend.client.client_list()
    return any(
        "b" in client["flags"] and int(client["addr"].rpartition(":")[2]) in ports for client in clients
    )
