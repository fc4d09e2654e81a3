"""What all tests share: servers of their own, a database with tables, and clusters of real processes."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

pytest.register_assert_rewrite("tests.ends", "tests.smoke.faults.mix", "tests.smoke.faults.species")

# Before celeryconfig is imported: it reads the environment once, and the processes that tests start inherit it.
_DATA_DIR = Path(tempfile.mkdtemp(prefix="crobot-test-"))
# registered first, so it comes last: after the servers have been released
atexit.register(shutil.rmtree, _DATA_DIR, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith(("CROBOT_", "CELERY_"))]:
    del os.environ[_name]
# else each process that tests start would compile all our modules anew
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ |= {
    "CROBOT_DATA_DIR": str(_DATA_DIR),
    "CROBOT_ROOTS": str(_DATA_DIR / "reads"),
    "CROBOT_IMPORTS": "tests.body_tasks,tests.callback_tasks,tests.canvas_tasks",
    "CROBOT_HEARTBEAT_S": "0.5",
    "CROBOT_LEASE_S": "3",
    "CROBOT_MISSING_S": "2",
    "CROBOT_POLICY": str(Path(__file__).with_name("policy.toml")),
    "CROBOT_SETTLE_S": "3",
    "CROBOT_BATCHES_S": "0.3",
    "CROBOT_WEBHOOK_TIMEOUT_S": "3",
    "CROBOT_UPLOADS_S": "0.5",
}

import crobot_tasks.database  # noqa: E402, F401 (it tells db where the database is)
from crobot_tasks import embedded  # noqa: E402
from crobot_tasks.celery import app  # noqa: E402
from crobot_tasks.maintenance.recount import recount  # noqa: E402
from db import migrate  # noqa: E402
from tests import evidence  # noqa: E402
from tests.installation import forget_results  # noqa: E402
from tests.processes import Cluster  # noqa: E402

#: the room whose files stay in one process, beside which others run: no two faults at once, unless that is asked for
FAULTS = "tests/smoke/faults/"
#: rooms whose folders stay in one process each: most of their files use one cluster, and wait for it
CLUSTERS = ("tests/integration/crobot_tasks/", "tests/integration/examples/")
#: after those what takes longest comes first, so that all processes end together
ORDER = ("smoke", "truth", "integration", "unit")


class ByRooms(LoadScopeScheduling):
    """How processes share the tests: by files, and some rooms as a whole."""

    # pytest-xdist has the group of a test in a mark, too, but cannot tell it to its scheduler with pytest 9.2
    def _split_scope(self, nodeid: str) -> str:
        group = _group(nodeid)
        return nodeid.partition("::")[0] if group == FAULTS and self.config.option.faults_at_once else group


def pytest_addoption(parser: pytest.Parser) -> None:
    """The processes of `make faults` have nothing else to do."""
    parser.addoption("--faults-at-once", action="store_true", help="share the faults by files, too")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRooms:
    """Share the tests as told above."""
    return ByRooms(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes longest first if several processes share the tests; one alone begins with what is quick."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(_group(item.nodeid)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Print below a failure what lives and what the processes said: often nobody can make it happen again."""
    report = yield
    if report.failed:
        report.sections.extend(evidence.left())
    return report


def _group(nodeid: str) -> str:
    path = nodeid.partition("::")[0]
    if path.startswith(FAULTS):
        return FAULTS
    return "/".join(path.split("/")[:4]) if path.startswith(CLUSTERS) else path


def _turn(group: str) -> tuple[bool, int]:
    return group != FAULTS, ORDER.index(group.split("/")[1])


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of this test run; everything that it starts writes below it."""
    (_DATA_DIR / "reads").mkdir()
    return _DATA_DIR


@pytest.fixture(scope="session")
def servers(data_dir: Path) -> Iterator[embedded.Servers]:
    """PostgreSQL and Valkey of this test run."""
    yield embedded.servers(data_dir)
    forget_results()
    embedded.release()


@pytest.fixture(scope="session")
def tables(servers: embedded.Servers) -> None:
    """The database with all tables."""
    import_tasks()
    migrate.upgrade()


@pytest.fixture(scope="session")
def cluster(tables: None, data_dir: Path) -> Iterator[Cluster]:
    """A head, beat, two calculation nodes and a worker for plain tasks, shared by tests that leave it as it was."""
    with Cluster(data_dir / "cluster", nodes=("calc01", "calc02")) as running:
        yield running
        # whatever all the tests did to it, every counter and every state agrees with the jobs
        assert list(recount()) == []
        # what is for heads goes to heads
        assert "unregistered task of type 'crobot." not in running.callbacks.text()


def import_tasks() -> None:
    """Know every task, as a process that sends jobs does."""
    app.set_addresses()
    app.loader.import_default_modules()
