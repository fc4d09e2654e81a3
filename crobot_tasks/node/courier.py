"""(c, d) What travels between a node and the heads, in a thread: reports and heartbeats out, acknowledgements in."""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psutil
from celery.worker import state

import celeryconfig
from crobot_tasks.broker.formats import REPORT_FORMAT, report_format, to_message
from crobot_tasks.broker.queues import HEARTBEATS, MOST_UNREAD, REPORTS, UNREACHABLE, node_queue
from crobot_tasks.node.connection import Connection
from crobot_tasks.node.local_data import LocalData
from crobot_tasks.node.orphans import Orphans
from crobot_tasks.node.resending import Sent
from crobot_tasks.node.spool import Spool
from crobot_tasks.node.told_progress import LOOK_S, ToldProgress
from workers.exit_reasons import FULL_BELOW_BYTES

log = logging.getLogger(__name__)

#: reports in one message
BATCH = 200
#: nothing is sent again while heads have more than so many messages before it: the first copy is among them
MOST_UNREAD_REPORTS = 10
#: how often what dead attempts left is removed
TIDY_S = 60.0
#: while acknowledgements are due, they are looked for this often
ACK_POLL_S = 0.05
#: what is ready within this time travels together, if a report was sent a moment ago: a lone one never waits
GATHER_S = 0.005
#: so long reports wait for the acknowledgement of those before: the busier the heads, the larger the messages
BUSY_S = 0.1
#: an attempt that ends within this time is not announced; its report says that it began
ANNOUNCE_S = 0.05


class Courier(threading.Thread):
    """Sends what is in the spool until the heads have it, and heartbeats that say what the node is doing."""

    def __init__(
        self, name: str, spool: Spool, local_data: LocalData, incarnation: str, description: dict[str, Any]
    ) -> None:
        super().__init__(name=f"courier of {name}", daemon=True)
        self.node, self.spool, self.local_data = name, spool, local_data
        #: cores, memory_bytes, pipelines, unavailable, software, tags, message_format
        self.description = description
        self.progress = ToldProgress(spool.state_dir)
        self.orphans = Orphans(spool)
        self.connection = Connection(name, incarnation)
        self.beat = 0
        self._next_heartbeat = 0.0
        self._announced: set[str] = set()
        #: attempt id → when it was first seen at work
        self._seen: dict[str, float] = {}
        self._last_report = 0.0
        #: attempt id → its report, which was sent and is not acknowledged
        self._sent: dict[str, Sent] = {}
        self._stopping = threading.Event()
        #: the worker takes no more messages, for whatever reason: the node is not up, although this thread is
        self.worker_ended = False
        self._next_tidy = 0.0

    def stop(self, timeout_s: float = 5.0) -> None:
        """Send what is left and a last heartbeat, and end."""
        self._stopping.set()
        self.spool.wake()
        if self.is_alive():
            self.join(timeout_s)

    def run(self) -> None:
        """Send until stopped; a broker that does not answer is tried again for ever."""
        delay_s = 0.0
        while not self._stopping.is_set():
            try:
                self._wait(delay_s or self._idle_s())
                self.step()
                delay_s = 0.0
            except UNREACHABLE as error:
                delay_s = min(5.0, delay_s * 2 or 0.2)
                log.warning("the broker does not answer (%s), trying again in %.1f s", error, delay_s)
                self._disconnect()
            # Without this thread the node would seem dead, so it outlives whatever else may come (a full disk, say).
            except Exception:
                delay_s = 5.0
                log.exception("a round of the courier failed; the next one follows")
                self._disconnect()
        with suppress(*UNREACHABLE):
            self._heartbeat()
            self._send()
        self._disconnect()

    def step(self) -> None:
        """One round: acknowledgements in, reports out, and a heartbeat when it is due."""
        self._receive()
        self._send()
        if time.monotonic() >= self._next_heartbeat:
            self.orphans.end(lambda: _ids(state.active_requests))
            self._heartbeat()
            self._next_heartbeat = time.monotonic() + celeryconfig.crobot_heartbeat_s
        if time.monotonic() >= self._next_tidy:
            self.spool.tidy()
            self._next_tidy = time.monotonic() + TIDY_S

    def _wait(self, seconds: float) -> None:
        """Sleep until a process of this node has something to send, or the time is over."""
        woken = select.select([self.spool.wake_fd], [], [], seconds)[0]
        if woken and time.monotonic() - self._last_report < BUSY_S:
            time.sleep(GATHER_S)
        with suppress(BlockingIOError):
            os.read(self.spool.wake_fd, 65536)

    def _idle_s(self) -> float:
        due = max(0.0, self._next_heartbeat - time.monotonic())
        if self._seen:
            due = min(due, LOOK_S)
        if self._seen.keys() - self._announced:
            due = min(due, ANNOUNCE_S)
        if not self._sent:
            return due
        # Look at once while heads answer, and ever less often while none does.
        waited = time.monotonic() - min(sent.at for sent in self._sent.values())
        return min(due, max(ACK_POLL_S, waited / 10))

    # --- out ----------------------------------------------------------------------------------------------------------

    def _send(self) -> None:
        now = time.monotonic()
        begun, reports = self._begun(now), self._due(now)
        progress = self.progress.due(self.spool.at_work, now)
        if not reports and not begun and not progress:
            return
        self._report(sorted(begun), [report for _, report in reports], progress)
        self._announced |= begun
        for attempt_id, _ in reports:
            self._sent[attempt_id] = self._sent.get(attempt_id, Sent()).again(now)
        if reports:
            self._last_report = now

    def _report(
        self, begun: list[str], reports: list[dict[str, Any]], progress: list[dict[str, Any]]
    ) -> None:
        """Publish the reports, those of each format in a message of their own: older heads know the first only."""
        by_format: dict[int, list[dict[str, Any]]] = {REPORT_FORMAT: []} if begun or progress else {}
        for report in reports:
            by_format.setdefault(report_format(report), []).append(report)
        for version, some in by_format.items():
            more = {"running": begun, "progress": progress} if version == REPORT_FORMAT else {"running": []}
            self.connection.publish("crobot.reports", REPORTS, version, reports=some, **more)

    def _begun(self, now: float) -> set[str]:
        """Attempts that have been at work for a while, and were not announced to the heads."""
        self._seen = {attempt_id: self._seen.get(attempt_id, now) for attempt_id in self.spool.at_work()}
        self._announced &= self._seen.keys()
        new = self._seen.keys() - self._announced
        return {attempt_id for attempt_id in new if now - self._seen[attempt_id] >= ANNOUNCE_S}

    def _due(self, now: float) -> list[tuple[str, dict[str, Any]]]:
        """Reports to send, for the first time or again."""
        if self._sent and now - self._last_report < BUSY_S and not self._stopping.is_set():
            return []
        on_its_way = {attempt_id for attempt_id, sent in self._sent.items() if now < sent.due_at}
        if len(on_its_way) < len(self._sent) and self.connection.waiting_in(REPORTS) > MOST_UNREAD_REPORTS:
            on_its_way = set(self._sent)
        return self.spool.pending(BATCH, but=on_its_way)

    def _heartbeat(self) -> None:
        if self.connection.waiting_in(HEARTBEATS) > MOST_UNREAD:
            return  # no head reads them, and more of them would say nothing new
        self.beat += 1
        self.orphans.oom_kills.look(time.monotonic())
        running = [
            attempt_id for attempt_id in self.spool.at_work() if attempt_id not in self.orphans.unreportable
        ]
        reported = self.spool.reported()
        known = [*running, *reported, *_ids(state.reserved_requests)]
        description, queued = self.description, self.connection.waiting_in(node_queue(self.node))
        free = psutil.disk_usage(str(self.spool.state_dir)).free
        if why := self._unable(free):
            unavailable = dict.fromkeys(description["pipelines"], why)
            description = description | {"pipelines": {}, "unavailable": unavailable}
        if self._ending():
            queued = 0  # it takes nothing more: what waits in its queue is for the others
        if (names := self.local_data.due(time.monotonic())) is not None:
            description = description | {"local_data": names}
        self.connection.publish(
            "crobot.heartbeat",
            HEARTBEATS,
            **to_message(description | {"known": known}),
            beat=self.beat,
            disk_bytes=free,
            queued=queued,
            pending_reports=len(reported),
            running=running,
        )

    def _unable(self, free_bytes: int) -> str:
        """Say why the node takes no jobs at all; empty if it does."""
        if self._ending():
            return "the node is stopping"
        return "the node's disk is full" if free_bytes < FULL_BELOW_BYTES else ""

    def _ending(self) -> bool:
        """Whether the worker was told to stop, or ended by itself; Celery keeps None or False there until then."""
        told = any(
            flag is not None and flag is not False for flag in (state.should_stop, state.should_terminate)
        )
        return told or self.worker_ended

    # --- in -----------------------------------------------------------------------------------------------------------

    def _receive(self) -> None:
        if not self._sent:
            return
        for attempt_id in self.connection.acknowledged():
            self.spool.acknowledge(attempt_id)
            self._sent.pop(attempt_id, None)

    def _disconnect(self) -> None:
        self.connection.release()
        self.progress.unsent()


def _ids(requests: Iterable[Any]) -> list[str]:
    """Return the ids of requests that Celery has taken from the queue."""
    while True:
        try:
            return [request.id for request in requests]
        except RuntimeError:  # the worker's event loop changed the set meanwhile
            continue


def software() -> str:
    """Return what runs here, for people: host and process."""
    return f"{socket.gethostname()} pid {os.getpid()}"
