"""Flower for CRobot: closed without credentials, its own buttons off, bounded in memory, tasks by job and species."""

from __future__ import annotations

import errno
import logging
import re
import signal
import sys
from typing import Any

from flower.app import Flower
from flower.options import options
from flower.urls import settings

from crobot_errors import BadInput
from crobot_tasks.celery import app
from crobot_tasks.logs import lines
from crobot_tasks.web.events.handler import handlers as events
from crobot_tasks.web.flower import closed, pages
from crobot_tasks.web.flower.closed import Closed
from crobot_tasks.web.flower.forms import Forms
from crobot_tasks.web.flower.loader import Templates
from crobot_tasks.web.flower.metrics.by_token import Tokens
from crobot_tasks.web.flower.metrics.handler import Metrics
from crobot_tasks.web.flower.people import People
from crobot_tasks.web.flower.steering import many

#: at 4.8 kB a task: about 50 MB
MAX_TASKS = 10_000
#: seconds; an assembly takes minutes to hours, and Flower's own buckets end at 10 s
RUNTIME_BUCKETS = [
    0.1,
    0.5,
    1.0,
    5.0,
    15.0,
    60.0,
    300.0,
    900.0,
    1800.0,
    3600.0,
    7200.0,
    14_400.0,
    28_800.0,
    86_400.0,
]
COLUMNS = "name,uuid,kwargs,state,worker,received,runtime"
#: how the dispatch describes a job
_SENT = re.compile(r"tag=(?P<tag>.*) species=(?P<species>\S+) version=(?P<version>[^\s'\"]*)")


def serve(who: People, address: str, port: int) -> None:
    """Serve these people until told to end.

    Raises:
        BadInput: something else listens at this address.
    """
    _configure(who, address, port)
    _configure_log()
    ours = {"template_loader": Templates(), "crobot_people": who, "crobot_forms": Forms()}
    flower = Flower(capp=app, options=options, **settings, **ours)
    metrics = (r"/metrics", Metrics, {"tokens": Tokens()})
    flower.add_handlers(r".*", [metrics, (closed.PATHS, Closed), *events(), *pages.handlers()])
    try:
        flower.start_http_server()
    except OSError as error:
        raise _no_port(error, address, port) from error
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        flower.start()
    except (KeyboardInterrupt, SystemExit):
        flower.stop()
    finally:
        many.stop()


def _configure_log() -> None:
    logging.basicConfig(level=logging.WARNING, handlers=[lines.handler()])
    logging.getLogger("tornado.access").setLevel(logging.ERROR)
    # a line for each stream that begins or ends
    logging.getLogger("crobot_tasks.web.events").setLevel(logging.INFO)


def format_task(task: Any) -> Any:
    """Show of a job what a person looks for, the species first: tags may be longer than a column is wide."""
    if found := _SENT.search(task.kwargs or ""):
        task.kwargs = f"{found['species']} {found['tag']} {found['version']}"
    return task


def _configure(who: People, address: str, port: int) -> None:
    options.basic_auth = list(who.by_login)
    options.address = address
    options.port = port
    options.max_tasks = MAX_TASKS
    options.task_runtime_metric_buckets = RUNTIME_BUCKETS
    options.tasks_columns = COLUMNS
    options.format_task = format_task
    options.persistent = False
    # Cores are counted by the head, and jobs are cancelled in the database: Flower's own buttons would confuse both.
    options.read_only = True


def _no_port(error: OSError, address: str, port: int) -> BadInput:
    if error.errno == errno.EADDRINUSE:
        return BadInput(f"port {port} of {address} is taken: choose another --port (CROBOT_FLOWER_PORT)")
    return BadInput(
        f"Flower cannot listen at {address}:{port}: {error.strerror}; choose another --address or --port"
    )
