"""Every message between heads and nodes is delivered twice, and canvas comes out as if it were not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import chain, chord, group

from crobot_tasks.celery import app
from crobot_tasks.intake.reads import send_reads
from crobot_tasks.jobs import scheme_export
from db import registry
from demo.data import SCHEME, TRUE_ST, DemoData, fetch
from tests import ends
from tests.body_tasks import ends as ends_once
from tests.body_tasks import jobs as bodies
from tests.callback_tasks import job_told, told
from tests.canvas_tasks import jobs, replaced
from tests.canvas_tasks import note as called
from tests.fault_tasks import noted, strike, trial
from tests.installation import TASKS, installation
from tests.integration.crobot_tasks.jobs.test_following import (
    HUGE,
    counters,
    ended,
    finish_with,
    lookup,
    reported,
)
from tests.processes import PATIENCE_S, Cluster, query, value, wait_for

_JOB_OF = "SELECT job_id FROM crobot.settlements WHERE task_id = :id"
_IGNORED = "SELECT coalesce(sum(reports_ignored), 0) FROM crobot.attempts"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster that publishes every message of its own twice; the lease is long, so that nothing is rescued."""
    settings = {"CROBOT_LEASE_S": "60", "CROBOT_MISSING_S": "20", "CROBOT_IMPORTS": f"{TASKS},tests.twice"}
    with installation(tmp_path_factory.mktemp("twice"), ("calc01", "calc02"), **settings) as cluster:
        yield cluster
        # chords are told again only when the store was emptied, and nobody did that here
        assert "the result store has lost" not in cluster.heads[0].text()


@pytest.fixture(scope="module")
def demo_data(pytestconfig: pytest.Config) -> DemoData:
    return fetch(pytestconfig.cache.mkdir("demo-data"), small=True)


@pytest.fixture(scope="module")
def senterica(site: Cluster, demo_data: DemoData) -> str:
    """The species with its MLST scheme, in this cluster's database."""
    registry.add_species("senterica", "Salmonella enterica", "Salmonella", "SAL", [], ["Salmonella"])
    scheme_export.import_scheme(
        "senterica", SCHEME, "MLST_Achtman", "MLST", demo_data.alleles, demo_data.profiles
    )
    return "senterica"


@pytest.fixture(autouse=True)
def doubled(site: Cluster) -> Iterator[None]:
    """Reports were really doubled in each test, and each job still ended once, and never lost an attempt."""
    before, last = value(_IGNORED), value("SELECT coalesce(max(id), 0) FROM crobot.jobs")
    yield
    wait_for("reports that came twice", lambda: value(_IGNORED) > before)
    wait_for("no live job", lambda: value("SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL") == 0)
    ids = [row.id for row in query("SELECT id FROM crobot.jobs WHERE id > :last", last=last)]
    for row in ends.ended(ids):
        outcomes = [attempt.outcome for attempt in ends.attempts(row.id)]
        assert len(outcomes) == row.attempt
        assert "node_lost" not in outcomes


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "began"


def test_a_chord_of_thirty_jobs(site: Cluster, note: Path) -> None:
    key = f"chord-{uuid4()}"
    result = chord([noted.s(str(note), n) for n in range(30)], jobs.total.s()).apply_async(
        link=called.si(key)
    )
    assert result.get(timeout=PATIENCE_S) == sum(range(30))
    assert sorted(ends.lines(note).values()) == [1] * 30
    check_called(key, 1)


@pytest.mark.parametrize(
    ("canvas", "expected"),
    [
        (lambda: jobs.add.s(1, 2) | jobs.double.s() | jobs.add.s(10) | jobs.double.s(), 32),
        (lambda: jobs.constant.s(3) | group(jobs.double.s(), jobs.add.s(1)) | jobs.total.s() | jobs.double.s(), 20),
        (lambda: chord([chord([jobs.add.s(1, 1), jobs.add.s(2, 2)], jobs.total.s()), jobs.constant.s(5)],
                       jobs.total.s()), 11),
        (lambda: chord([jobs.add.s(n, n) | jobs.double.s() for n in range(4)], jobs.total.s() | jobs.double.s()), 48),
        (lambda: group(jobs.add.s(n, n) | jobs.double.s() for n in range(3)), [0, 4, 8]),
        (lambda: chain(replaced.s(chord([jobs.add.s(1, 1), jobs.add.s(2, 2)], jobs.total.s())), jobs.double.s()), 12),
        (lambda: jobs.double.map([1, 2, 3]), [2, 4, 6]),
        (lambda: jobs.add.s(1, 1) | jobs.add.starmap([(1, 1), (2, 2)]), [2, 4]),
        (lambda: bodies.replaces.s(chord([jobs.add.s(1, 1), jobs.add.s(2, 2)], jobs.total.s())) | jobs.double.s(), 12),
        (lambda: chord([bodies.extended.s(jobs.add.s(5, 5)), jobs.add.s(1, 1)], jobs.total.s()), 13),
        (lambda: chain(bodies.again.s(2), jobs.double.s()), 4),
    ],
    ids=["chain", "chord in a chain", "chord in a chord", "chains in a chord", "chains in a group", "replace", "map",
         "starmap behind a link", "a body that is replaced", "a body that adds to its chord",
         "a body that is run again"],
)  # fmt: skip
def test_canvas(site: Cluster, canvas: Any, expected: Any) -> None:
    assert canvas().apply_async().get(timeout=PATIENCE_S) == expected


def test_callbacks_and_errbacks_come_once(site: Cluster) -> None:
    key = f"noted-{uuid4()}"
    good = [jobs.add.apply_async((n, 2), link=[called.s(key), called.s(key)]) for n in range(10)]
    bad = [
        jobs.fail.apply_async((n,), link_error=called.si(key), link=called.si(f"{key}-never"))
        for n in range(10)
    ]
    assert [result.get(timeout=PATIENCE_S) for result in good] == list(range(2, 12))
    for result in bad:
        with pytest.raises(ValueError, match="cannot work with"):
            result.get(timeout=PATIENCE_S)
    check_called(key, 30)
    assert not app.backend.client.exists(f"{key}-never")


def test_errbacks_that_take_the_failure_come_once(site: Cluster) -> None:
    key = f"told-{uuid4()}"
    bad = [jobs.fail.apply_async((n,), link_error=[told.s(key), job_told.s(key)]) for n in range(5)]
    ends.ended([result.job_id for result in bad])
    check_called(key, 5)
    told_jobs = query("SELECT id FROM crobot.jobs WHERE pipeline = :name", name=job_told.name)
    assert len(told_jobs) == 5
    ends.complete([row.id for row in told_jobs])


def test_what_a_body_sent_is_sent_once_and_by_the_attempt_that_counts(site: Cluster) -> None:
    key = f"ends-{uuid4()}"
    assert ends_once.delay(key, "again").get(timeout=PATIENCE_S) == "sent"
    sent = query("SELECT id, args FROM crobot.jobs WHERE batch = :key ORDER BY id", key=key)
    assert [row.args for row in sent] == [[0, 1], [1, 1], [2, 1]]
    ends.complete([row.id for row in sent])
    check_called(key, 1)


def test_callbacks_that_are_jobs_run_once(site: Cluster, note: Path) -> None:
    results = [jobs.add.apply_async((n, n), link=noted.si(str(note), n)) for n in range(10)]
    ends.complete([result.job_id for result in results])
    wait_for("the callbacks", lambda: len(ends.lines(note)) == 10)
    assert (
        value(
            "SELECT count(*) FROM crobot.jobs WHERE kwargs->>'note' = :note OR args->>0 = :note",
            note=str(note),
        )
        == 10
    )


def test_a_failed_chord_calls_its_errback_once(site: Cluster) -> None:
    key = f"noted-{uuid4()}"
    body = jobs.total.s().on_error(called.si(key))
    result = chord([jobs.add.s(1, 1), jobs.fail.s(3), jobs.add.s(2, 2)], body).apply_async()
    with pytest.raises(Exception, match="cannot work with 3"):
        result.get(timeout=PATIENCE_S)
    check_called(key, 1)


def test_what_is_revoked_ends_once_and_so_does_what_waits_for_it(site: Cluster, note: Path) -> None:
    key, never = f"noted-{uuid4()}", f"{uuid4()}-never"
    running = trial.apply_async(
        kwargs={"params": {"sleep_s": 3200.5, "note": str(note)}}, link=called.si(never)
    )
    ends.tool(3200.5)
    # the second link is revoked before it is sent: the first one ends later
    link = (jobs.add.s(1, 2).set(countdown=2) | noted.si(str(note)) | called.si(never)).apply_async()
    body = jobs.total.s().on_error(called.si(key))
    failed = chord([jobs.add.s(n, n).set(countdown=n * 600) for n in range(4)], body).apply_async()
    bodiless = chord([jobs.add.s(n, n).set(countdown=2) for n in range(3)], noted.si(str(note))).apply_async()
    revoked = [running, link.parent, *failed.parent.results[1:], bodiless]
    app.control.revoke([result.id for result in revoked])
    ends.no_tool(3200.5)
    ends.complete([value(_JOB_OF, id=member.id) for member in bodiless.parent])
    for result in revoked:
        wait_for(f"the end of {result}", lambda result=result: result.state == "REVOKED")
    wait_for("the body", lambda: failed.state == "FAILURE")
    check_called(key, 1)
    assert ends.lines(note) == {f"{running.job_id}.1": 1}
    assert not app.backend.client.exists(never)


def test_jobs_that_are_tried_again_begin_once_in_each_attempt(site: Cluster, note: Path) -> None:
    key = f"noted-{uuid4()}"
    params = {"note": str(note), "first": {"fail": "node"}}
    again = [trial.apply_async(kwargs={"params": params}, link=called.si(key)) for _ in range(6)]
    never = trial.apply_async(
        kwargs={"params": {"note": str(note), "fail": "node"}}, link_error=called.si(key)
    )
    ends.complete([result.job_id for result in again])
    (row,) = ends.ended([never.job_id])
    assert (row.state, row.attempt) == ("FAILED", 3)
    assert sorted(ends.lines(note).values()) == [1] * (6 * 2 + 3)
    check_called(key, 7)


def test_a_body_that_runs_out_of_memory_once(site: Cluster) -> None:
    assert strike.delay("memory", attempts=1).get(timeout=PATIENCE_S) == "survived"


def test_a_typed_assembly_is_counted_once(senterica: str, demo_data: DemoData) -> None:
    assembled = send_reads(senterica, "twice", [["ERR000001"]], params=HUGE)
    assert finish_with(assembled, reported(assembled, demo_data.genome)) == "COMPLETE"
    typing = value("SELECT id FROM crobot.jobs WHERE tag = :tag", tag=assembled.assembly_barcode)
    assert ended(typing) == "COMPLETE"
    typed = lookup(assembled.assembly_barcode, "MLST_Achtman")
    assert typed.results["ST"] == TRUE_ST
    assert counters(typed) == (1, 1, 0, 0)


def test_a_canvas_that_is_sent_three_times_runs_all_of_it_each_time(site: Cluster, note: Path) -> None:
    key = f"noted-{uuid4()}"
    last = jobs.constant.si(5)
    last.link(called.si(key))
    one = noted.s(str(note), 2) | group(jobs.double.s(), jobs.add.s(1)) | jobs.total.s() | last
    results = [one.apply_async() for _ in range(3)]
    assert [result.get(timeout=PATIENCE_S) for result in results] == [5, 5, 5]
    assert sorted(ends.lines(note).values()) == [1] * 3
    check_called(key, 3)


def test_a_chord_with_a_plain_body_calls_it_once(site: Cluster) -> None:
    key = f"noted-{uuid4()}"
    results = [chord([jobs.add.s(n, 1), jobs.add.s(n, 2)], called.s(key))() for n in range(10)]
    for result in results:
        result.get(timeout=PATIENCE_S)
    check_called(key, 10)


def test_wrong_arguments_of_the_next_link_call_the_errback_once(site: Cluster) -> None:
    key = f"noted-{uuid4()}"
    results = [
        (jobs.add.s(n, 1) | jobs.add.s(1, 2, 3)).apply_async(link_error=called.si(key)) for n in range(5)
    ]
    for result in results:
        with pytest.raises(TypeError):
            result.get(timeout=PATIENCE_S)
    check_called(key, 5)
    assert value("SELECT count(*) FROM crobot.settlements WHERE settled_at IS NULL") == 0


def check_called(key: str, times: int) -> None:
    """Callbacks are plain tasks: what would come too often comes together with the others, or before a later one."""
    wait_for(f"{times} calls", lambda: app.backend.client.llen(key) >= times)
    last = called.apply_async((f"{key}-last",))
    last.get(timeout=PATIENCE_S)
    assert app.backend.client.llen(key) == times
