"""(c) What makes a Celery worker a calculation node: its name, queue, spool and courier; it has no database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from celery import bootsteps
from celery.apps.worker import Worker
from celery.worker import state
from celery.worker.control import control_command

import celeryconfig
from crobot_errors import BadInput, OutcomeKind
from crobot_tasks.broker.formats import MESSAGE_FORMAT, NODE_NAME
from crobot_tasks.broker.kombu_patches import survive_lost_connections
from crobot_tasks.broker.process_pool import ProcessPool
from crobot_tasks.broker.queues import node_queue, queue, worker_hostname
from crobot_tasks.celery import app
from crobot_tasks.node import body_results
from crobot_tasks.node.completion_signals import CompletionSignals
from crobot_tasks.node.courier import Courier, software
from crobot_tasks.node.local_data import LocalData
from crobot_tasks.node.run_attempt import CalculationNode
from crobot_tasks.node.spool import Spool
from crobot_tasks.tasks import offered
from workers import process, scratch
from workers.short_reads.archive_url import checked_template

#: orders that a node takes: what it does with Celery's orders to revoke, instead of what Celery does, and others
CONTROL = ("crobot_tasks.node.remote_control", "crobot_tasks.broker.storage_check")
#: what a tag is: short, and the same on every machine
TAG = re.compile(r"[a-z0-9][a-z0-9_.=-]{0,39}")
#: what all assemblers take in a path: SPAdes wants ASCII, and megahit hands paths to a shell
PATH = re.compile(r"[A-Za-z0-9/._+:@=#%-]+")


def node_worker(
    name: str,
    cores: int,
    memory_bytes: int,
    state_dir: Path,
    loglevel: str = "INFO",
    tags: Iterable[str] = (),
) -> Any:
    """Return the worker of a calculation node, ready to ``start()``.

    Raises:
        BadInput: the name or a tag is not one, the folder cannot be used, or a node of that name is running here.
    """
    if not NODE_NAME.fullmatch(name):
        raise BadInput(
            f"node name {name!r}: letters, digits, - and _ only, at most 40, beginning with a letter or digit"
        )
    check_state_dir(state_dir)
    tags = checked_tags(tags)
    check_archive()
    app.conf.result_backend = body_results.URL
    app.loader.import_default_modules()  # what it offers includes the JobTasks of `imports`
    for module in CONTROL:
        app.loader.import_module(module)
    spool = Spool(state_dir)
    incarnation = spool.open()
    process.sweep(process.mark(state_dir))
    scratch.remove_leftovers(state_dir)
    local_data = LocalData(state_dir)
    app.node = CalculationNode(spool, local_data)
    pipelines, unavailable = offered()
    description = {
        "cores": cores,
        "memory_bytes": memory_bytes,
        "pipelines": pipelines,
        "unavailable": unavailable,
        "software": software(),
        "tags": tags,
        "message_format": MESSAGE_FORMAT,
    }
    survive_lost_connections()
    courier = Courier(name, spool, local_data, incarnation, description)
    CompletionSignals(spool, courier).connect()
    app.steps["worker"].add(CourierStep)
    app.conf.task_queues = [queue(node_queue(name))]
    worker = NodeWorker(
        app=app,
        hostname=worker_hostname(name),
        concurrency=cores,
        pool=ProcessPool,
        loglevel=loglevel,
        without_gossip=True,
        without_mingle=True,
        optimization="fair",
    )
    worker.courier = courier
    return worker


def check_state_dir(state_dir: Path) -> None:
    """Refuse a folder in which an assembler cannot work: it would tell users that their reads are bad.

    Raises:
        BadInput: its path, or the one that its links lead to, has other characters than tools take.
    """
    for path in (state_dir.absolute(), state_dir.resolve()):
        if odd := sorted(set(PATH.sub("", str(path)))):
            raise BadInput(
                f"--state-dir {str(path)!r} contains {' '.join(map(repr, odd))}, with which assemblers cannot work: "
                "use a path of the letters A to Z, digits, and . _ + : @ = # % -"
            )


def check_archive() -> None:
    """Refuse a node whose read archive has an address that cannot be: each job would find that out anew.

    Raises:
        BadInput: a template has an unknown field, or lacks one.
    """
    if celeryconfig.crobot_archive_url:
        checked_template(celeryconfig.crobot_archive_url, "CROBOT_ARCHIVE_URL")
    if celeryconfig.crobot_archive_report_url:
        checked_template(celeryconfig.crobot_archive_report_url, "CROBOT_ARCHIVE_REPORT_URL", ["accession"])


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Return the tags, each once.

    Raises:
        BadInput: one is not a tag.
    """
    tags = sorted(set(tags))
    for tag in tags:
        if not TAG.fullmatch(tag):
            raise BadInput(
                f"tag {tag!r}: small letters, digits, _ . = and - only, at most 40, beginning with a letter or digit"
            )
    return tags


@control_command(args=[("attempt_ids", list)])
def stop_attempts(panel: Any, attempt_ids: list[str]) -> None:
    """End attempts, also those whose message came twice: Celery's revoke forgets a task when its first message ends."""
    state.revoked.update(attempt_ids)
    for request in list(state.active_requests):
        if request.id in attempt_ids:
            request.terminate(panel.consumer.pool, signal="TERM")


_STOPPED = {"outcome": OutcomeKind.NODE_STOPPED, "message": "the node was stopped"}
_FAILED = {"outcome": OutcomeKind.NODE_LOST, "message": "the node ended, though nobody stopped it"}


class NodeWorker(Worker):
    """A worker whose courier outlives its pool: jobs that end during a warm shutdown are reported."""

    courier: Courier

    def start(self) -> None:
        """Work until told to end."""
        try:
            super().start()
        finally:
            spool = self.courier.spool
            ending = _STOPPED if spool.is_stopping() else _FAILED
            for attempt_id in spool.at_work():
                spool.end(attempt_id, ending)
            self.courier.stop()

    def stop(self, in_sighandler: bool = False, exitcode: int | None = None) -> None:
        """End, told to or by an error: running jobs are finished, and meanwhile the heads hear that this node ends."""
        self.courier.worker_ended = True
        super().stop(in_sighandler, exitcode)


class CourierStep(bootsteps.StartStopStep):
    """Starts the courier once the pool has forked."""

    requires = ("celery.worker.components:Pool",)

    def start(self, worker: Any) -> None:
        """Begin to carry."""
        worker.courier.start()
