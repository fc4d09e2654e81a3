"""A real node: what its processes load."""

from __future__ import annotations

import sys
from pathlib import Path

from kombu import Connection

from crobot_tasks import embedded
from crobot_tasks.broker.formats import MESSAGE_FORMAT
from crobot_tasks.broker.queues import node_queue, queue
from crobot_tasks.celery import app
from tests import loaded_modules
from tests.processes import Process, wait_for

HEADER = {"format": MESSAGE_FORMAT, "cores": 1, "memory_bytes": 10**8, "disk_bytes": 0, "time_s": 60}
ARGUMENTS = (
    "-m",
    "crobot_tasks.cli",
    "node",
    "--name",
    "alone",
    "--cores",
    "1",
    "--memory",
    "1G",
    "--state-dir",
)


def test_a_node_that_has_run_a_job_has_loaded_no_database(servers: embedded.Servers, tmp_path: Path) -> None:
    # a broker of its own: the heads of other tests never hear of this node
    broker_url = f"{servers.broker_url.rpartition('/')[0]}/9"
    environment = {
        "CROBOT_BROKER_URL": broker_url,
        "CROBOT_IMPORTS": loaded_modules.__name__,
        loaded_modules.FOLDER: str(tmp_path),
    }
    node = Process("alone", [sys.executable, *ARGUMENTS, str(tmp_path / "state")], tmp_path, **environment)
    try:
        with Connection(broker_url) as connection:
            app.publish(
                "probe", kwargs={"params": {}}, task_id="1.1", queue=queue(node_queue("alone")),
                connection=connection, ignore_result=True, headers={"crobot": HEADER},
            )  # fmt: skip
        for process in ("parent", "pool"):
            path = tmp_path / process
            wait_for(f"{path}, see {node.log}", path.exists, 40)
            loaded = {name.partition(".")[0] for name in path.read_text().split()}
            assert "workers" in loaded
            assert not loaded & {"db", "sqlalchemy", "alembic", "flask", "flask_smorest", "marshmallow"}
        assert wait_for("the report", lambda: list((tmp_path / "state" / "reports").glob("1.1.json")))
    finally:
        node.stop()
