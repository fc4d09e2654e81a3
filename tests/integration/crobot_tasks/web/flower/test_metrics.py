"""What Prometheus reads of a running cluster."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.command import crobot, document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import Get
from tests.processes import Cluster


def read(get: Get) -> dict[tuple[str, ...], float]:
    """Name and values of labels → the number."""
    families = text_string_to_metric_families(get("/metrics").text)
    return {
        (one.name, *one.labels.values()): one.value
        for family in families
        for one in family.samples
        if one.name.startswith("crobot_")
    }


def test_numbers_are_those_of_the_database(cluster: Cluster, get: Get) -> None:
    before = read(get)
    sleeps = document("send", "probe", "--sleep", 100)["job"]
    waits = document("send", "probe", "--cores", 64)["job"]
    crobot("wait", sleeps, "--timeout", 1)
    found = read(get)
    live = ("crobot_live_jobs", "probe")
    assert found[*live, "waiting"] == before.get((*live, "waiting"), 0) + 1
    assert found[*live, "running"] + found[*live, "routed"] > before.get((*live, "running"), 0)
    assert found["crobot_oldest_waiting_seconds",] > 0
    assert (found["crobot_nodes", "up"], found["crobot_up",], found["crobot_heads_hear",]) == (2, 1, 1)
    assert found["crobot_node_cores", "calc01"] == document("nodes")["nodes"][0]["cores"]
    assert found["crobot_dead_rows", "jobs"] >= 0
    crobot("cancel", sleeps, waits)
    assert read(get)["crobot_attempts_ended_last_hour", "cancelled"] >= 1


def test_without_the_database_the_numbers_say_so(flower: Flower, get: Get) -> None:
    flower.database.go_away()
    try:
        assert read(get) == {("crobot_up",): 0}
    finally:
        flower.database.heal()
    assert read(get)["crobot_up",] == 1
