"""Fixtures in place of those of Celery's suite: a cluster of ours, on servers of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from celery.contrib.testing.manager import Manager

import tests.conftest  # noqa: F401 (it sets the environment, before any setting is read)
from crobot_tasks import embedded
from crobot_tasks.celery import app as crobot
from crobot_tasks.lifecycle.cancel import cancel_each
from tests.celery_suite import suite_tasks
from tests.installation import installation
from tests.processes import Cluster, query, value, wait_for

# isort: split
from t.integration.celery_conftest import (  # type: ignore[import-not-found]
    TEST_BACKEND,
    check_for_logs,
    flaky,
    get_active_redis_channels,
)

get_redis_connection = suite_tasks.tasks.get_redis_connection

__all__ = [
    "TEST_BACKEND", "app", "check_for_logs", "flaky", "get_active_redis_channels", "get_redis_connection", "manager",
    "pytest_collection_modifyitems", "pytest_runtest_makereport", "site",
]  # fmt: skip

#: what a test that hangs costs
LIMIT_S = float(os.environ.get("CROBOT_SUITE_LIMIT_S", "30"))
#: what is in the names of tests that wait for long themselves (ten seconds for each of many chords), or send thousands
PATIENT = ("flag_allow_error_cb", "fail_multiple", "large")
PATIENT_TIMES = 8
#: after a test: for what it left under way to end, and then to be cancelled
GRACE_S = 5.0
#: keys that several tests share
KEYS = ("redis-echo", "redis-count", "redis-group-ids")
RESULT_STORE = "crobot_tasks.lifecycle.settling.result_backend:ResultStore"

_LIVE = "SELECT id FROM crobot.jobs WHERE finished_at IS NULL"
_OWED = "SELECT count(*) FROM crobot.settlements WHERE settled_at IS NULL"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Bound each test, but not the start of the cluster; Celery's own bound is five minutes."""
    for item in items:
        limit = LIMIT_S * (PATIENT_TIMES if any(word in item.name for word in PATIENT) else 1)
        item.add_marker(pytest.mark.timeout(limit, func_only=True), append=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any) -> Any:
    """Tell fixtures whether the test failed."""
    report = (yield).get_result()
    if report.when == "call":
        item.failed = report.failed


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A head, beat, two nodes and a worker for plain tasks that know the suite's tasks."""
    folder = tmp_path_factory.mktemp("suite")
    settings = {
        "CROBOT_IMPORTS": "tests.celery_suite.suite_tasks",
        "CROBOT_LEASE_S": "30",
        "CROBOT_MISSING_S": "10",
        "PYTHONPATH": f"{Path(suite_tasks.tasks.__file__).parents[2]}:{os.environ.get('PYTHONPATH', '')}",
    }
    with installation(folder, ("calc01", "calc02"), **settings) as cluster:
        # Tests ask the setting whether the results are in Redis.
        crobot.loader.override_backends["redis"] = RESULT_STORE
        crobot.conf.result_backend = embedded.servers(folder).broker_url
        yield cluster


@pytest.fixture
def app(site: Cluster) -> Iterator[Any]:
    """Our app, with its settings as they were after the test."""
    changes = dict(crobot.conf.changes)
    vars(crobot.amqp).pop("create_task_message", None)  # goes by task_protocol, which tests set
    crobot.set_current()
    yield crobot
    crobot.conf.changes.clear()
    crobot.conf.changes.update(changes)


@pytest.fixture
def manager(app: Any, request: pytest.FixtureRequest) -> Iterator[Manager]:
    """Celery's helper; afterwards, nothing of the test is under way."""
    yield Manager(app)
    with suppress(AssertionError):
        wait_for("the end of all jobs", _is_idle, GRACE_S)
    if getattr(request.node, "failed", True):
        _clear()
    get_redis_connection().delete(*KEYS)


def _is_idle() -> bool:
    return not query(_LIVE) and value(_OWED) == 0


def _clear() -> None:
    """Let go of what a failed test has left."""
    cancel_each([row.id for row in query(_LIVE)], "its test is over")
    with suppress(AssertionError):
        wait_for("the end of cancelled jobs", _is_idle, GRACE_S)
    query("UPDATE crobot.settlements SET settled_at = now() WHERE settled_at IS NULL RETURNING task_id")
    channel = crobot.broker_connection().channel()
    channel.queue_purge("crobot.callbacks")
    time.sleep(0.1)
