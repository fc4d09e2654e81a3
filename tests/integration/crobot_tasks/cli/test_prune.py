"""`crobot prune` on a running cluster."""

from __future__ import annotations

from crobot_tasks.broker.folders import storage_root
from tests.command import crobot, document
from tests.processes import Cluster, query, value, wait_for
from workers.storage import log_path


def test_the_log_of_a_job_that_ended_long_ago_goes_and_the_command_says_so(cluster: Cluster) -> None:
    job = document("send", "probe")["job"]
    wait_for("its end", lambda: value("SELECT finished_at FROM crobot.jobs WHERE id = :id", id=job))
    for table, column, key in (("jobs", "finished_at", "id"), ("attempts", "ended_at", "job_id")):
        query(
            f"UPDATE crobot.{table} SET {column} = {column} - interval '181 days' WHERE {key} = :job RETURNING 1",
            job=job,
        )
    log = log_path(storage_root(), job, 1)
    log.parent.mkdir(parents=True)
    log.write_text("a probe says nothing by itself")
    said = document("prune", "--dry-run")
    assert said["dry_run"]
    [of_logs] = [one for one in said["kinds"] if one["kind"] == "logs"]
    assert (of_logs["days"], of_logs["number"], of_logs["bytes"] > 0) == (180, 1, True)
    assert log.exists()
    shown = crobot("prune")
    assert shown.returncode == 0
    assert "logs            180 days" in shown.stdout
    assert " removed" in shown.stdout
    assert not log.exists()
    assert "logs are kept for 180 days" in document("log", str(job), code=1)["error"]["message"]
    assert document("show", str(job))["state"] == "COMPLETE"


def test_a_dry_run_does_not_go_with_anew(tables: None) -> None:
    assert crobot("prune", "--dry-run", "--anew").returncode == 2
