"""Operators drain and resume nodes, and steer batches, on the pages."""

from __future__ import annotations

from crobot_tasks.batches.batch import Batch
from crobot_tasks.celery import app
from tests.command import document
from tests.integration.crobot_tasks.web.flower.conftest import Person
from tests.processes import Cluster, value, wait_for


def make(name: str, number: int, **params: object) -> Batch:
    """A batch of probes."""
    items = (app.tasks["probe"].s(params={"value": one, **params}) for one in range(number))
    return Batch.of(items, name=name)


def test_a_node_is_drained_with_a_reason_and_resumed(cluster: Cluster, operator: Person) -> None:
    form = operator.form("/nodes", node="calc02", what="drain")
    assert "say why calc02 is drained" in operator.post(form, 400, reason=" ")
    drained = operator.post(form, reason="new <disks>")
    assert "node drain" in drained
    assert "new <disks>; it has no jobs" in drained
    assert document("nodes")["nodes"][1]["drain_reason"] == "new <disks>"
    assert "new <disks>" in operator.get("/nodes")
    assert "node resume" in operator.post(operator.form("/nodes", node="calc02", what="resume"))
    assert document("nodes")["nodes"][1]["state"] == "up"


def test_a_node_that_is_forgotten_meanwhile_is_named(cluster: Cluster, operator: Person) -> None:
    insert = """
        INSERT INTO crobot.nodes
            (name, incarnation, cores, memory_bytes, disk_bytes, pipelines, unavailable, lost_at)
        VALUES ('calc99', '1', 1, 1, 1, '{}', '{}', now()) RETURNING name"""
    assert value(insert) == "calc99"
    form = operator.form("/nodes", node="calc99", what="drain")
    document("nodes", "forget", "calc99")
    assert "no node 'calc99' has ever reported; known are calc01" in operator.post(form, 400, reason="r")
    assert value("SELECT count(*) FROM crobot.changes WHERE about = 'calc99'") == 0


def test_a_batch_is_paused_resumed_and_cancelled(cluster: Cluster, operator: Person, ada: Person) -> None:
    batch = make("steered", 3, cores=64)
    wait_for("the jobs", lambda: batch.standing().queued == 3)
    page = "/batches/steered"
    late = ada.form(page, what="pause")
    assert "batch pause" in operator.post(operator.form(page, what="pause"), reason="look first")
    assert batch.state == "paused"
    assert "look first" in operator.get(page)
    # another operator, whose page is older
    assert "is already paused: look first" in ada.post(late, 400, reason="me too")
    assert "batch resume" in operator.post(operator.form(page, what="resume"))
    assert batch.state == "running"
    assert "0 items are not sent, and 3 that wait or run are cancelled" in operator.get(page)
    cancelled = operator.post(operator.form(page, what="cancel"))
    assert "Batch steered" in cancelled
    wait_for("the jobs", lambda: batch.standing().cancelled == 3)
    assert "what=" not in operator.page(page)


def test_what_failed_of_a_batch_is_sent_again(cluster: Cluster, operator: Person) -> None:
    batch = make("fails", 2, fail="tool")
    wait_for("the failures", lambda: batch.state == "over")
    form = operator.form("/batches/fails", what="resend")
    assert "nothing of batch fails has failed as poison" in operator.post(form, 400, outcome="poison")
    done = operator.post(form, outcome="tool")
    assert "tool; 2 sent again" in done
    assert "This form was sent before" in operator.post(form, outcome="tool")
    wait_for("the failures", lambda: batch.state == "over")
    assert value("SELECT count(*) FROM crobot.jobs WHERE batch = 'fails'") == 4
