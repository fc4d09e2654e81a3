"""Messages that come twice, late, in the wrong order, from the dead, from strangers, or as nonsense."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crobot_tasks.broker.formats import REPORT_FORMATS
from crobot_tasks.broker.queues import HEARTBEATS, REPORTS
from crobot_tasks.celery import app
from tests import ends
from tests.fault_tasks import trial
from tests.installation import TASKS
from tests.processes import Process, query, value, wait_for
from tests.smoke.faults.mix import nothing_stuck
from tests.smoke.faults.scene import Scene

HUGE = 10**30
#: a format that no head knows yet
NEWER = max(REPORT_FORMATS) + 1
_INCARNATION = "SELECT incarnation FROM crobot.nodes WHERE name = :name"
_NODE = """
    SELECT incarnation, beat, cores, memory_bytes, disk_bytes, pipelines, unavailable AS missing, software
    FROM crobot.nodes WHERE name = 'calc01'"""


def say(task: str, queue: str, message: Any) -> None:
    """Publish what a node might."""
    app.send_task(task, kwargs={"message": message}, queue=queue, ignore_result=True)


def report(attempt_id: Any, outcome: Any = "ok", **more: Any) -> dict[str, Any]:
    return {"id": attempt_id, "outcome": outcome, "result": {"forged": True}} | more


def reports(*what: Any, node: str = "calc01", **more: Any) -> dict[str, Any]:
    incarnation = value("SELECT incarnation FROM crobot.nodes WHERE name = :name", name=node) or "1"
    return {
        "format": 1,
        "node": node,
        "incarnation": incarnation,
        "running": [],
        "reports": list(what),
    } | more


def heartbeat(node: str = "calc01", **more: Any) -> dict[str, Any]:
    """A heartbeat as the node's next would be."""
    (row,) = query(_NODE)
    now = {"beat": row.beat + 1, "format": 1, "node": node, "queued": 0, "running": [], "held": []}
    return dict(row._mapping) | now | more


def heard() -> None:
    """Wait until the heads have read everything, and hear the nodes as before."""
    for queue in (REPORTS, HEARTBEATS):
        wait_for(f"{queue} to be read", lambda queue=queue: app.backend.client.llen(queue) == 0)


# --- every message twice ----------------------------------------------------------------------------------------------


@pytest.fixture
def doubled(scene: Scene) -> Iterator[None]:
    """Heads and nodes send each of their messages twice."""
    cluster = scene.site.cluster
    members = [*cluster.heads, *cluster.nodes.values()]
    again(members, CROBOT_IMPORTS=f"{TASKS},tests.twice")
    yield
    again(members, CROBOT_IMPORTS=TASKS)
    cluster.ready()


def again(members: list[Process], **environment: str) -> None:
    """Start heads and nodes again, and hear each node in its new life, of which its last words are no sign."""
    before = {row.name: row.incarnation for row in query("SELECT name, incarnation FROM crobot.nodes")}
    for member in members:
        member.stop()
        member.environment = member.environment | environment
        member.start()
    for name in before.keys() & {member.name for member in members}:
        wait_for(f"{name} in its new life", lambda name=name: value(_INCARNATION, name=name) != before[name])


@pytest.mark.full
@pytest.mark.parametrize("phase", ["routed", "running", "reporting", "sending"])
def test_every_message_twice(scene: Scene, doubled: None, phase: str) -> None:
    scene.site.cluster.ready()
    getattr(scene, f"_{phase}")()
    scene.let_go()
    scene._mended.set()
    scene.check()


# --- reports that come too late, too early, or from others ------------------------------------------------------------


def running(scene: Scene) -> tuple[int, str]:
    """A job that runs, and its node."""
    (job_id,) = scene.mix.sleep(1)
    ends.reach(job_id, "RUNNING")
    return job_id, ends.attempts(job_id)[0].node


def ends_by_its_own(scene: Scene, job_id: int) -> None:
    """No forged word has ended the job: its result is its own."""
    scene.check()
    assert "forged" not in value("SELECT result FROM crobot.jobs WHERE id = :id", id=job_id)
    assert len(ends.attempts(job_id)) == 1


def test_reports_of_dead_attempts_change_nothing(scene: Scene) -> None:
    params = {"sleep_s": scene.mix.nap_s, "first": {"fail": "node", "sleep_s": 0}}
    job_id = trial.delay(params=params).job_id
    scene.mix.wanted[job_id] = "COMPLETE"
    wait_for("the second attempt", lambda: len(ends.attempts(job_id)) == 2)
    ends.reach(job_id, "RUNNING")
    node = ends.attempts(job_id)[0].node
    for outcome in ("ok", "tool", "node_lost", "cancelled"):
        say("crobot.reports", REPORTS, reports(report(f"{job_id}.1", outcome), node=node))
    heard()
    scene.check()
    assert [each.outcome for each in ends.attempts(job_id)] == ["node_broken", "ok"]
    assert ends.attempts(job_id)[0].reports_ignored == 4


def test_reports_of_jobs_that_are_over_change_nothing(scene: Scene) -> None:
    scene.mix.send()
    scene.mix.check(scene.site.cluster)
    before = query("SELECT * FROM crobot.jobs ORDER BY id")
    for row in before[-30:]:
        node = row.node or "calc01"
        for number in (row.attempt, row.attempt + 1, 9999):
            say("crobot.reports", REPORTS, reports(report(f"{row.id}.{number or 1}", "tool"), node=node))
    heard()
    assert query("SELECT * FROM crobot.jobs ORDER BY id") == before
    scene.check()


def test_reports_of_attempts_yet_to_come_change_nothing(scene: Scene) -> None:
    job_id, node = running(scene)
    say("crobot.reports", REPORTS, reports(report(f"{job_id}.2"), report(f"{job_id + 10**6}.1"), node=node))
    heard()
    ends_by_its_own(scene, job_id)


@pytest.mark.parametrize("stranger", ["nowhere", "another node"])
def test_a_report_from_a_node_that_does_not_have_the_attempt_changes_nothing(
    scene: Scene, stranger: str
) -> None:
    job_id, node = running(scene)
    other = (
        next(name for name in scene.site.cluster.nodes if name != node) if stranger != "nowhere" else stranger
    )
    say("crobot.reports", REPORTS, reports(report(f"{job_id}.1"), node=other))
    say("crobot.reports", REPORTS, reports(node=other, incarnation="1", running=[f"{job_id}.1"]))
    heard()
    ends_by_its_own(scene, job_id)


def test_the_end_before_the_beginning(scene: Scene) -> None:
    """What says that attempts run is read when they are over."""
    scene.mix.send()
    scene.mix.check(scene.site.cluster)
    ids = [f"{row.job_id}.{row.number}" for row in query("SELECT job_id, number FROM crobot.attempts")]
    for node in scene.site.cluster.nodes:
        say("crobot.reports", REPORTS, reports(node=node, running=random.sample(ids, min(50, len(ids)))))
    heard()
    nothing_stuck(scene.site.cluster)


def test_heartbeats_of_an_earlier_life_and_from_the_past_change_nothing(scene: Scene) -> None:
    job_id, node = running(scene)
    (row,) = query("SELECT * FROM crobot.nodes WHERE name = :name", name=node)
    for _ in range(6):
        say("crobot.heartbeat", HEARTBEATS, heartbeat(node, incarnation="000000000000001", cores=99))
        say("crobot.heartbeat", HEARTBEATS, heartbeat(node, incarnation=row.incarnation, beat=1, cores=99))
    heard()
    assert value("SELECT cores FROM crobot.nodes WHERE name = :name", name=node) == row.cores
    ends_by_its_own(scene, job_id)


def test_one_report_that_is_none_does_not_hold_up_the_others(scene: Scene) -> None:
    scene.mix.nap_s += 2  # its own report comes later
    job_id, node = running(scene)
    say("crobot.reports", REPORTS, reports({"outcome": "ok"}, "17.1", None, report(f"{job_id}.1"), node=node))
    wait_for("the end", lambda: ends.state(job_id) == "COMPLETE")
    scene.check()
    assert value("SELECT result FROM crobot.jobs WHERE id = :id", id=job_id) == {"forged": True}


# --- nonsense ---------------------------------------------------------------------------------------------------------

Nonsense = Callable[[str], Any]

REPORTS_OF: dict[str, Nonsense] = {
    "nothing": lambda live: None,
    "a list": lambda live: [report(live)],
    "a number": lambda live: 7,
    "no keys": lambda live: {},
    "only a format": lambda live: {"format": 1},
    "another format": lambda live: reports(report(live), format=NEWER),
    "format as text": lambda live: reports(report(live), format="1"),
    "no format": lambda live: {key: part for key, part in reports(report(live)).items() if key != "format"},
    "no reports": lambda live: {key: part for key, part in reports().items() if key != "reports"},
    "reports that are text": lambda live: reports() | {"reports": "x" * 50},
    "reports that are nothing": lambda live: reports() | {"reports": None},
    "a report without id": lambda live: reports({"outcome": "ok"}),
    "a report that is text": lambda live: reports("17.1"),
    "an id that is a number": lambda live: reports(report(17.1)),
    "an id that is nothing": lambda live: reports(report(None)),
    "an id that is huge": lambda live: reports(report(f"{HUGE}.1"), report(f"1.{HUGE}")),
    "an id as large as allowed": lambda live: reports(report("999999999999999999.9999")),
    "an id below nothing": lambda live: reports(report("-1.1"), report("0.0"), report("1.-1")),
    "an outcome that is a list": lambda live: reports(report("999999.1", ["ok"])),
    "an unknown outcome": lambda live: reports(report("999999.1", "glorious")),
    "running that is text": lambda live: reports(running=live),
    "running that holds numbers": lambda live: reports(running=[17, None, {}]),
    "a node that is a list": lambda live: reports() | {"node": ["calc01"]},
    "a node that is nothing": lambda live: reports(report("999999.1")) | {"node": None},
    "an incarnation that is a number": lambda live: reports(incarnation=5, running=["999999.1"]),
    "ten thousand strangers": lambda live: reports(*[report(f"{10**9 + n}.1") for n in range(10_000)]),
}
HEARTBEATS_OF: dict[str, Nonsense] = {
    "nothing": lambda live: None,
    "no keys": lambda live: {},
    "only a format": lambda live: {"format": 1},
    "another format": lambda live: heartbeat(format=NEWER),
    "cores that are text": lambda live: heartbeat(cores="many"),
    "cores that are huge": lambda live: heartbeat(cores=HUGE),
    "cores below nothing": lambda live: heartbeat("ghost", cores=-4),
    "memory that is huge": lambda live: heartbeat(memory_bytes=HUGE),
    "disk that is nothing": lambda live: heartbeat(disk_bytes=None),
    "a beat that is huge": lambda live: heartbeat(beat=HUGE),
    "pipelines that are a list": lambda live: heartbeat("ghost", pipelines=["trial"]),
    "pipelines that are text": lambda live: heartbeat("ghost", pipelines="trial"),
    "pipelines that are nothing": lambda live: heartbeat("ghost", pipelines=None),
    "missing that is a list": lambda live: heartbeat("ghost", missing=[1]),
    "queued that is text": lambda live: heartbeat(queued="some"),
    "queued that is huge": lambda live: heartbeat(queued=HUGE),
    "held that is nothing": lambda live: heartbeat(held=None),
    "held that holds numbers": lambda live: heartbeat(held=[17, None]),
    "running that is huge": lambda live: heartbeat(running=[f"{HUGE}.1", "999999999999999999.9999"]),
    "a node that is nothing": lambda live: heartbeat() | {"node": None},
    "a node that is a list": lambda live: heartbeat() | {"node": ["calc01"]},
    "a node with a bad name": lambda live: heartbeat("../; DROP TABLE nodes"),
    "an incarnation that is a number": lambda live: heartbeat("ghost", incarnation=5),
    "an incarnation that is nothing": lambda live: heartbeat("ghost", incarnation=None),
    "a zero byte": lambda live: heartbeat("ghost", software="a\0b"),
    "an unknown key": lambda live: heartbeat("ghost", cores=1, pipelines={}, colour="red"),
}


def check_nonsense(scene: Scene, task: str, queue: str, said: dict[str, Nonsense], what: str) -> None:
    """The heads log it, drop it, and go on; the job that runs meanwhile ends by its own."""
    job_id, _ = running(scene)
    try:
        say(task, queue, said[what](f"{job_id}.1"))
        heard()
        assert scene.site.cluster.heads[0].status == "running"
        scene.mix.send_plain(1)
        ends_by_its_own(scene, job_id)
        router_sees_only_good_nodes()
    finally:
        query("DELETE FROM crobot.nodes WHERE name NOT IN ('calc01', 'calc02') RETURNING name")


def router_sees_only_good_nodes() -> None:
    """No nonsense is kept where the router, the pages and `crobot nodes` would stumble over it."""
    for row in query("SELECT * FROM crobot.nodes"):
        assert row.cores > 0
        assert isinstance(row.pipelines, dict)
        assert isinstance(row.unavailable, dict)


REPORTS_CI = {"nothing", "an id that is huge", "a report without id"}
HEARTBEATS_CI = {"no keys", "cores that are huge", "pipelines that are a list"}


def _some_full(said: dict[str, Nonsense], ci: set[str]) -> list[Any]:
    return [pytest.param(what, marks=() if what in ci else pytest.mark.full) for what in said]


@pytest.mark.parametrize("what", _some_full(REPORTS_OF, REPORTS_CI))
def test_reports_that_are(scene: Scene, what: str) -> None:
    check_nonsense(scene, "crobot.reports", REPORTS, REPORTS_OF, what)


@pytest.mark.parametrize("what", _some_full(HEARTBEATS_OF, HEARTBEATS_CI))
def test_heartbeats_with(scene: Scene, what: str) -> None:
    check_nonsense(scene, "crobot.heartbeat", HEARTBEATS, HEARTBEATS_OF, what)
