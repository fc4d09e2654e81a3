"""What all tests share: servers of their own, a database with tables, and clusters of real processes."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.ends", "tests.smoke.faults.mix", "tests.smoke.faults.species")

# Before celeryconfig is imported: it reads the environment once, and the processes that tests start inherit it.
_DATA_DIR = Path(tempfile.mkdtemp(prefix="crobot-test-"))
# registered first, so it comes last: after the servers have been released
atexit.register(shutil.rmtree, _DATA_DIR, ignore_errors=True)
for _name in [name for name in os.environ if name.startswith(("CROBOT_", "CELERY_"))]:
    del os.environ[_name]
os.environ |= {
    "CROBOT_DATA_DIR": str(_DATA_DIR),
    "CROBOT_ROOTS": str(_DATA_DIR / "reads"),
    "CROBOT_IMPORTS": "tests.canvas_tasks",
    "CROBOT_HEARTBEAT_S": "0.5",
    "CROBOT_LEASE_S": "3",
    "CROBOT_MISSING_S": "2",
    "CROBOT_POLICY": str(Path(__file__).with_name("policy.toml")),
    "CROBOT_SETTLE_S": "3",
}

import crobot_tasks.database  # noqa: E402, F401 (it tells db where the database is)
from crobot_tasks import embedded  # noqa: E402
from crobot_tasks.celery import app  # noqa: E402
from db import migrate  # noqa: E402
from tests.installation import forget_results  # noqa: E402
from tests.processes import Cluster  # noqa: E402

FAULTS = Path(__file__).parent / "smoke" / "faults"
#: rooms in the order in which the processes take them: what takes longest comes first, so that all end together
ORDER = ("smoke", "integration", "unit")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say what belongs together when several processes share the tests (pytest-xdist), and put the longest first.

    The fault scenarios are one group, so that no two of them run at once, and what uses the cluster is another, so that
    there is one cluster. Everything else goes by files, whose fixtures are then made once.
    """
    if not hasattr(config, "workerinput"):
        return
    on_cluster = {item.path for item in items if "cluster" in getattr(item, "fixturenames", ())}
    groups = {item: _group(item.path, on_cluster) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: _turn(item, groups[item]))


def _group(path: Path, on_cluster: set[Path]) -> str:
    if FAULTS in path.parents:
        return "faults"
    return "cluster" if path in on_cluster else str(path.relative_to(Path(__file__).parent))


def _turn(item: pytest.Item, group: str) -> int:
    if group in ("faults", "cluster"):
        return 0
    return 1 + ORDER.index(group.partition(os.sep)[0])


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
    """A head, beat, two calculation nodes and a plain Celery worker, shared by tests that leave it as it was."""
    with Cluster(data_dir / "cluster", nodes=("calc01", "calc02")) as running:
        yield running


def import_tasks() -> None:
    """Know every task, as a process that sends jobs does."""
    app.set_addresses()
    app.loader.import_default_modules()
