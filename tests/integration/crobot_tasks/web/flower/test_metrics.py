"""What Prometheus reads of a running cluster."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.command import crobot, document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import Get
from tests.processes import Cluster, wait_for

MONITORING = Path("monitoring")
#: what samples are called beyond their family
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
#: of buckets
ENDS = ("0.5", "5.0", "+Inf")

Numbers = dict[tuple[str, ...], float]
Scrape = Callable[[str], requests.Response]


def read(get: Get) -> Numbers:
    return numbers(get("/metrics").text)


def numbers(text: str) -> Numbers:
    """Name and values of labels, in the order of the labels' names → the number."""
    families = text_string_to_metric_families(text)
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


def test_what_has_ended_is_counted_for_ever(cluster: Cluster, get: Get) -> None:
    before = read(get)
    crobot("wait", document("send", "probe", "--sleep", 0.7)["job"], "--timeout", 60)
    # what ended is folded some seconds later
    wait_for(
        "the end to be counted",
        lambda: grown(before, read(get), "crobot_attempts_ended_total", "ok", "probe") >= 1,
    )
    found = read(get)
    ran = {end: grown(before, found, "crobot_running_seconds_bucket", end, "probe") for end in ENDS}
    # the job of another test may have ended meanwhile, and one that was cancelled ran for a moment
    assert ran["5.0"] - ran["0.5"] >= 1
    assert ran["5.0"] == ran["+Inf"]
    assert 0.7 <= grown(before, found, "crobot_running_seconds_sum", "probe") < 10
    assert grown(before, found, "crobot_waiting_seconds_count", "probe") >= 1
    assert grown(before, found, "crobot_dispatch_seconds_count") >= 1
    assert found["crobot_node_pending_reports", "calc01"] >= 0


def grown(before: Numbers, after: Numbers, *sample: str) -> float:
    return after.get(sample, 0) - before.get(sample, 0)


def test_without_the_database_the_numbers_say_so(flower: Flower, get: Get) -> None:
    flower.database.go_away()
    try:
        found = read(get)
        assert found.pop(("crobot_broker_memory_bytes",)) > 0
        assert found.keys() == {("crobot_up",), ("crobot_broker_up",), ("crobot_broker_memory_limit_bytes",)}
        assert (found["crobot_up",], found["crobot_broker_up",]) == (0, 1)
    finally:
        flower.database.heal()
    assert read(get)["crobot_up",] == 1


@pytest.fixture
def scrape(flower: Flower) -> Scrape:
    """The numbers as Prometheus asks for them, by a token."""
    address = flower.url.removesuffix("/events") + "/metrics"

    def answer(token: str) -> requests.Response:
        return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=60)

    return answer


def make_token(scope: str) -> tuple[str, int]:
    made = document("token", "create", "--user", 1, "--scope", scope, "--name", "Prometheus")
    return made["token"], made["id"]


def test_a_token_of_its_own_scope_opens_the_numbers_until_it_is_revoked(
    cluster: Cluster, scrape: Scrape
) -> None:
    token, number = make_token("metrics")
    answer = scrape(token)
    assert answer.status_code == 200
    assert numbers(answer.text)["crobot_up",] == 1
    crobot("token", "revoke", number)
    refused = scrape(token)
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (401, 'Bearer realm="CRobot"')
    assert "is revoked: `crobot token create` makes another" in refused.text


@pytest.mark.parametrize("token", ["", "crobot_x", "é", "a b"])
def test_what_is_no_token_opens_nothing(cluster: Cluster, scrape: Scrape, token: str) -> None:
    assert scrape(token).status_code == 401


def test_a_token_of_another_scope_is_told_which_one_it_takes(
    cluster: Cluster, flower: Flower, scrape: Scrape
) -> None:
    token, _ = make_token("jobs:read")
    refused = scrape(token)
    assert refused.status_code == 403
    assert "`crobot token create --scope metrics`" in refused.text
    token, _ = make_token("metrics")
    page = flower.url.removesuffix("/events") + "/jobs"
    assert requests.get(page, headers={"Authorization": f"Bearer {token}"}, timeout=60).status_code == 401


def test_a_token_that_counted_is_told_that_the_database_is_away(flower: Flower, scrape: Scrape) -> None:
    token, _ = make_token("metrics")
    scrape(token)
    flower.database.go_away()
    try:
        assert numbers(scrape(token).text)["crobot_up",] == 0
        assert scrape("crobot_x").status_code == 503
    finally:
        flower.database.heal()


def offered(get: Get) -> set[str]:
    """Names of all samples that there can be, also of families that have none yet."""
    names: set[str] = set()
    for family in text_string_to_metric_families(get("/metrics").text):
        names.update(family.name + end for end in ENDINGS.get(family.type, ("",)))
    return names


def test_dashboard_and_alerts_ask_for_what_there_is(get: Get) -> None:
    panels = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    assert len(asked) > 20
    rules = re.sub(r"^\s*#.*$", "", (MONITORING / "alerts.yml").read_text(), flags=re.MULTILINE)
    there = offered(get)
    for expression in [*asked, *re.findall(r"expr: (.*?)\n +for:", rules, flags=re.DOTALL)]:
        names = set(re.findall(r"\b(?:crobot|flower)_\w+", expression))
        assert names, expression
        assert names <= there, expression


def test_promtool_finds_nothing_odd_in_our_names(get: Get) -> None:
    ours = re.split(r"(?m)^(?=# HELP crobot_)", get("/metrics").text, maxsplit=1)[1]
    done = subprocess.run(
        ["promtool", "check", "metrics"], input=ours, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
