"""Operators steer jobs on a real cluster: hold, release, priority, pause, cancel and resend, one or many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from celery import chord
from celery.exceptions import TaskRevokedError

from crobot_errors import UnknownPipeline
from crobot_tasks.celery import app
from crobot_tasks.operate import pause
from db.crobot import PausedKind
from db.engine import transaction
from tests import ends
from tests.canvas_tasks import jobs
from tests.command import crobot, document
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for


@pytest.fixture
def batch() -> str:
    """The name of a batch that no other test uses."""
    return f"batch-{uuid4()}"


@pytest.fixture(autouse=True)
def nothing_paused(tables: None) -> Iterator[None]:
    yield
    query("DELETE FROM crobot.pauses RETURNING kind")


def send(batch: str, number: int = 1, priority: int | None = None, **params: Any) -> list[int]:
    """Send probes, all or none."""
    job = {"batch": batch, "user_id": 77, "workgroup": "enterics", "tag": "control"}
    with transaction():
        sent = [
            app.tasks["probe"].apply_async(kwargs={"params": params}, priority=priority, job=job)
            for _ in range(number)
        ]
    return [result.job_id for result in sent]


def in_batch(batch: str) -> set[str]:
    """The states of a batch's jobs."""
    return {row.state for row in query("SELECT state FROM crobot.jobs WHERE batch = :batch", batch=batch)}


def note(job_id: int) -> str:
    """What the list of jobs says of why one waits."""
    return next(job["why"] for job in document("jobs", "--batch", _batch(job_id)) if job["id"] == job_id)


def _batch(job_id: int) -> str:
    return str(value("SELECT batch FROM crobot.jobs WHERE id = :id", id=job_id))


# --- hold, pause, priority --------------------------------------------------------------------------------------------


def test_paused_and_held_jobs_survive_a_restart_of_the_head_and_run_when_they_may(
    cluster: Cluster, batch: str
) -> None:
    paused = document("pause", "--pipeline", "probe", "--reason", "a new version")["paused"]
    assert [(one["kind"], one["name"], one["reason"]) for one in paused] == [
        ("pipeline", "probe", "a new version")
    ]
    ids = send(batch, 3)
    assert note(ids[0]) == "pipeline probe is paused: a new version"
    held = document("hold", "--batch", batch, "--reason", "asked the owner")
    assert (held["changed"], held["jobs"]) == ({"WAITING": 3}, 3)
    assert note(ids[0]) == "held: asked the owner"
    cluster.heads[0].kill()
    cluster.heads[0].start()
    assert document("unpause", "--pipeline", "probe")["lifted"][0]["was_paused"]
    ends.complete(send(f"{batch}-other"))  # the head is at work, and passes those that are held
    assert in_batch(batch) == {"WAITING"}
    assert document("status")["held"] >= 3
    assert {job["id"] for job in document("jobs", "--held", "--batch", batch)} == set(ids)
    assert document("release", *ids)["changed"] == {"WAITING": 3}
    ends.complete(ids)


def test_a_held_job_that_runs_goes_on_but_is_not_tried_again_until_it_is_released(
    cluster: Cluster, batch: str
) -> None:
    (job_id,) = send(batch, sleep_s=1, fail="node")
    ends.reach(job_id, "RUNNING")
    assert document("hold", job_id, "--reason", "look first")["changed"] == {"RUNNING": 1}
    assert "held, so not tried again: look first" in crobot("jobs", "--batch", batch).stdout
    ends.reach(job_id, "WAITING")
    ends.complete(send(f"{batch}-other"))
    assert [attempt.outcome for attempt in ends.attempts(job_id)] == ["node_broken"]
    assert note(job_id) == "held: look first"
    assert "1 job released: 1 WAITING" in crobot("release", job_id).stdout
    wait_for("a second attempt", lambda: len(ends.attempts(job_id)) == 2)
    assert document("cancel", job_id)[0]["state"] == "CANCELLED"


def test_jobs_with_a_better_priority_pass_those_before_them(cluster: Cluster, batch: str) -> None:
    document("pause", "--pipeline", "probe", "--reason", "to fill the line")
    ids = send(batch, 5, cores=2, sleep_s=0.1, expected_s=60)
    assert document("priority", 1, ids[-1])["changed"] == {"WAITING": 1}
    document("unpause", "--pipeline", "probe")
    ends.complete(ids)
    routed = query("SELECT job_id, routed_at FROM crobot.attempts WHERE job_id = ANY(:ids)", ids=ids)
    times = {row.job_id: row.routed_at for row in routed}
    assert times[ids[-1]] == min(times.values()) < max(times.values())
    assert crobot("priority", 11, ids[0]).returncode == 2


def test_what_is_paused_is_shown_everywhere_and_lifted_one_by_one(tables: None, batch: str) -> None:
    document("pause", "--pipeline", "QAssembly", "--all", "--reason", "moving house")
    assert "everything is paused: moving house" in crobot("nodes").stdout
    assert len(document("status")["paused"]) == len(document("nodes")["paused"]) == 2
    assert "pipeline QAssembly is paused: moving house" in crobot("status").stdout
    (job_id,) = send(batch)
    assert note(job_id) == "everything is paused: moving house"
    assert "pipeline QAssembly" in crobot("unpause", "--all").stdout  # what is left
    assert "everything was not paused" in crobot("unpause", "--all").stdout
    document("pause", "--pipeline", "QAssembly", "--reason", "another reason")
    assert [one["reason"] for one in document("status")["paused"]] == ["another reason"]
    document("cancel", job_id)


def test_only_what_exists_is_paused(tables: None) -> None:
    known = document("pause", "--pipeline", "QAssembly", "--pipeline", "velvet", "--reason", "?", code=1)
    assert known["error"]["type"] == "UnknownPipeline"
    assert "known are" in known["error"]["message"]
    assert "QAssembly" in known["error"]["message"]
    assert (
        document("pause", "--species", "yersinia", "--reason", "?", code=1)["error"]["type"]
        == "UnknownSpecies"
    )
    assert document("unpause", "--pipeline", "velvet", code=1)["error"]["type"] == "UnknownPipeline"
    assert crobot("pause", "--reason", "?").returncode == 2
    assert query("SELECT kind FROM crobot.pauses") == []
    with pytest.raises(UnknownPipeline):
        pause.pause([(PausedKind.PIPELINE, "probe"), (PausedKind.PIPELINE, "velvet")], "both or none")
    assert query("SELECT kind FROM crobot.pauses") == []


def test_a_quarantined_node_says_why_and_is_resumed(cluster: Cluster) -> None:
    query("UPDATE crobot.nodes SET quarantined_at = now(), quarantine_reason = 'tools are gone', drained_at = now(),"
          " drain_reason = 'also' WHERE name = 'calc02' RETURNING 1")  # fmt: skip
    node = next(node for node in document("nodes")["nodes"] if node["name"] == "calc02")
    assert (node["state"], node["quarantine_reason"]) == ("quarantined", "tools are gone")
    assert "tools are gone. It gets no jobs until `crobot resume calc02`" in crobot("nodes").stdout
    document("resume", "calc02")
    (row,) = query("SELECT quarantined_at, drained_at, trusted_at > now() - interval '1 minute' AS trusted"
                   " FROM crobot.nodes WHERE name = 'calc02'")  # fmt: skip
    assert (row.quarantined_at, row.drained_at, row.trusted) == (None, None, True)


# --- selection --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [["cancel"], ["hold", "--reason", "x"], ["release"], ["priority", "3"], ["resend"]],
    ids=" ".join,
)
def test_no_command_changes_jobs_without_being_told_which(tables: None, command: list[str]) -> None:
    assert document(*command, code=2)["error"]["message"].startswith("say which jobs")
    assert "there is no job 999999" in document(*command, 999_999, code=1)["error"]["message"]
    assert document(*command, "--species", "yersinia", code=1)["error"]["type"] == "UnknownSpecies"
    assert "known are" in document(*command, "--pipeline", "velvet", code=1)["error"]["message"]
    done = crobot(*command, "--user", 987_654)
    assert (done.returncode, done.stdout) == (0, "no job is selected by user 987654\n")


def test_more_than_a_hundred_jobs_are_changed_only_if_that_is_said(tables: None, batch: str) -> None:
    send(batch, 101, cores=500)
    asked = document("cancel", "--batch", batch, code=1)["error"]["message"]
    assert "that would cancel 101 jobs: say --yes" in asked
    assert document("cancel", "--batch", batch, "--dry-run")["changed"] == {"WAITING": 101}
    assert in_batch(batch) == {"WAITING"}
    done = document("cancel", "--batch", batch, "--yes")
    assert (done["changed"], done["now"]) == ({"WAITING": 101}, {"CANCELLED": 101})
    assert in_batch(batch) == {"CANCELLED"}
    assert "none of the selected jobs is live: 101 CANCELLED" in crobot("cancel", "--batch", batch).stdout


def test_all_that_is_given_must_apply(tables: None, batch: str) -> None:
    mine, other = send(batch, 2, cores=500), send(f"{batch}-other", cores=500)
    (urgent,) = send(batch, cores=500, priority=0)
    chosen = ["--user", 77, "--workgroup", "enterics", "--tag", "control", "--pipeline", "probe"]
    held = document(
        "hold", *chosen, "--batch", batch, "--state", "LIVE", mine[0], urgent, other[0], "--reason", "x"
    )
    assert held["jobs"] == 2
    assert value("SELECT count(*) FROM crobot.jobs WHERE held_at IS NOT NULL AND id = ANY(:ids)",
                 ids=[mine[0], urgent]) == 2  # fmt: skip
    assert document("hold", "--batch", batch, "--state", "RUNNING", "--reason", "x")["jobs"] == 0
    document("cancel", *mine, *other, urgent)


# --- cancel -----------------------------------------------------------------------------------------------------------


def test_running_and_waiting_jobs_of_a_batch_are_cancelled_together(cluster: Cluster, batch: str) -> None:
    running = send(batch, 2, sleep_s=100)
    waiting = send(batch, 3, cores=500)
    for job_id in running:
        ends.reach(job_id, "RUNNING")
    done = document("cancel", "--batch", batch, "--user", 77, "--reason", "the wrong strain")
    assert done["changed"] == {"RUNNING": 2, "WAITING": 3}
    assert done["now"] == {"CANCELLED": 5}
    assert {row.outcome for row in ends.ended(running + waiting)} == {"cancelled"}


def test_a_chord_over_a_cancelled_batch_ends_as_cancelled(cluster: Cluster, batch: str) -> None:
    parts = [jobs.add.s(n, n).set(job={"batch": batch}, countdown=600) for n in range(4)]
    result = chord(parts, jobs.total.s()).apply_async()
    ids = [row.id for row in query("SELECT id FROM crobot.jobs WHERE batch = :batch", batch=batch)]
    assert document("cancel", "--batch", batch)["now"] == {"CANCELLED": 4}
    ends.ended(ids)
    with pytest.raises(TaskRevokedError):
        result.get(timeout=PATIENCE_S)
    assert "TaskRevokedError" in str(wait_for("the chord's own end", lambda: result.result))
    for part in result.parent.results:
        assert part.state == "REVOKED"
        with pytest.raises(TaskRevokedError):
            part.get(timeout=PATIENCE_S)


# --- resend -----------------------------------------------------------------------------------------------------------


def test_a_failed_job_is_sent_again_with_other_parameters(cluster: Cluster, batch: str) -> None:
    (failed,) = send(batch, fail="tool", value="old", priority=3)
    assert ends.ended([failed])[0].state == "FAILED"
    changed = ["--param", "fail=null", "--param", "value=new", "--priority", 2]
    chosen = ["--memory", "1G", "--time-limit", "2m", "--cores", 2]
    sent = document("resend", failed, *changed, *chosen)["sent"]
    new = sent[0]["sent_as"]
    assert sent == [{"job": failed, "sent_as": new, "joined": False}]
    (row,) = ends.complete([new])
    assert (row.result["results"]["value"], row.priority, row.batch) == ("new", 2, batch)
    assert (row.user_id, row.workgroup, row.tag) == (77, "enterics", "control")
    assert (row.memory_bytes, row.time_limit_s, row.cores) == (2**30, 120, 2)
    assert row.context["resent_from"] == failed
    assert document("show", new)["resent_from"] == failed
    # what was chosen for the one is chosen for the next
    (again,) = document("resend", new, "--time-limit", 90)["sent"]
    (row,) = ends.complete([again["sent_as"]])
    assert (row.memory_bytes, row.time_limit_s, row.context["resent_from"]) == (2**30, 90, new)


def test_a_live_job_is_not_sent_again(tables: None, batch: str) -> None:
    (live,) = send(batch, cores=500)
    error = document("resend", live, code=1)["error"]
    assert (error["type"], f"`crobot cancel {live}`" in error["message"]) == ("BadInput", True)
    document("cancel", live)
    (sent,) = document("resend", live)["sent"]
    document("cancel", sent["sent_as"])


def test_all_failed_jobs_of_a_batch_are_sent_again_once(cluster: Cluster, batch: str) -> None:
    good, failed = send(batch, 2), send(batch, 3, fail="tool")
    ends.ended(good + failed)
    chosen = ["--batch", batch, "--state", "FAILED"]
    assert document("resend", *chosen, "--dry-run")["jobs"] == 3
    sent = document("resend", *chosen, "--param", "fail=null")["sent"]
    assert [one["job"] for one in sent] == failed
    ends.complete([one["sent_as"] for one in sent])
    again = document("resend", *chosen)
    assert (again["jobs"], again["resent_before"]) == (0, 3)
    assert "3 jobs left out, sent again before" in crobot("resend", *chosen).stdout


def test_parameters_of_a_resend_are_checked_as_at_a_first_send(cluster: Cluster, batch: str) -> None:
    failed = send(batch, 2, fail="tool")
    ends.ended(failed)
    refused = document("resend", failed[0], "--param", "fail=nonsense", code=1)["error"]
    assert "cannot fail by 'nonsense'" in refused["message"]
    assert document("resend", failed[0], "--version", "0.1", code=1)["error"]["type"] == "UnknownVersion"
    assert crobot("resend", failed[0], "--param", "nonsense").returncode == 2
    # of many, each is told of by itself
    many = document("resend", "--batch", batch, "--param", "cores=-1", code=1)
    assert [one["error"]["type"] for one in many["sent"]] == ["BadInput"] * 2
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = :batch", batch=batch) == 2


def test_a_plain_task_is_sent_again_with_its_arguments(cluster: Cluster, batch: str) -> None:
    first = jobs.add.apply_async((2, 3), job={"batch": batch, "unique_key": batch})
    second = jobs.add.apply_async(kwargs={"x": 2, "y": 3}, job={"batch": batch})
    ends.complete([first.job_id, second.job_id])
    (same,) = document("resend", first.job_id)["sent"]
    (other,) = document("resend", second.job_id, "--param", "y=40")["sent"]
    rows = ends.complete([same["sent_as"], other["sent_as"]])
    assert [row.result for row in rows] == [5, 42]
    assert rows[0].unique_key == batch
    wrong = document("resend", second.job_id, "--param", "z=1", code=1)["error"]
    assert (wrong["type"], "cannot be called like this" in wrong["message"]) == ("BadInput", True)
