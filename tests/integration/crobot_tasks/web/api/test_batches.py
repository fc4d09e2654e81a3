"""Batches by HTTP: made of names or by a query, listed, shown, steered, and accounted for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.making import Limits
from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.operate.tokens import Scope
from crobot_tasks.web.api import batch_steering, batches
from demo.data import DemoData
from tests.canvas_tasks import jobs
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import Cluster, query, value, wait_for

Make = Callable[..., Client]
PATH = f"{ROOT}/batches"


@pytest.fixture
def name() -> str:
    """The name of a batch that no other test uses."""
    return f"batch-{uuid4()}"


@pytest.fixture
def genome(senterica: str, strain: str, demo_data: DemoData) -> str:
    """The barcode of an assembly."""
    return add_assembly(senterica, strain, demo_data.sequenced, send=False).barcode


def of(client: Client, name: str, signatures: Any, **request: Any) -> str:
    """A batch of signatures of the client's user; its path."""
    limits = Limits(live=20, slice=10)
    Batch.of(signatures, name=name, user_id=client.user, limits=limits, **request)
    return f"{PATH}/{name}"


def over(client: Client, path: str) -> Any:
    """How a batch stands, once it is over."""
    wait_for(path, lambda: client.get(path)["state"] in ("over", "cancelled"))
    return client.get(path)


def test_a_scheme_is_called_on_assemblies_by_a_batch(
    cluster: Cluster, app_of_7: Client, genome: str, senterica: str, name: str
) -> None:
    wanted = {"name": name, "database": senterica, "scheme": "MLST_Achtman", "priority": 4,
              "assemblies": [genome, genome, "never"], "max_failed_share": 0.5}  # fmt: skip
    answer = app_of_7.call("POST", PATH, 201, json=wanted, headers={"Idempotency-Key": name})
    made = answer.get_json()
    assert answer.headers["Location"] == made["url"] == f"{PATH}/{name}"
    assert (made["items"]["size"], made["doubles"], made["left_out"]["items"]) == (2, 1, 1)
    assert "never" in made["left_out"]["first"][0]
    assert (made["chosen_by"], made["max_failed_share"], made["priority"]) == ("names in a request", 0.5, 4)
    again = app_of_7.call("POST", PATH, 201, json=wanted, headers={"Idempotency-Key": name})
    assert (again.get_json(), again.headers["Idempotency-Replayed"]) == (made, "true")
    found = over(app_of_7, f"{PATH}/{name}")
    assert (found["items"]["complete"], found["items"]["skipped"], found["shared"]["scheme"]) == (
        1, 1, "MLST_Achtman")  # fmt: skip
    (done, left_out) = app_of_7.get(f"{PATH}/{name}/items")["items"]
    assert (done["key"], done["state"], left_out["state"]) == (genome, "COMPLETE", "skipped")
    assert app_of_7.job(done["job_id"])["priority"] == 4
    report = app_of_7.get(f"{PATH}/{name}/report")
    assert report["account"]["states"] == {"COMPLETE": 1, "skipped": 1}
    table = app_of_7.call("GET", f"{PATH}/{name}/report?format=tsv", 200)
    lines = [line.split("\t") for line in table.text.splitlines()]
    assert [line[1] for line in lines] == ["key", genome, "never"]
    assert table.content_type.startswith("text/tab-separated-values")
    (change,) = query(
        "SELECT action, about FROM crobot.changes WHERE user_id = :user AND action LIKE 'batch %'",
        user=app_of_7.user,
    )
    assert tuple(change) == ("batch make", name)


def test_what_a_query_chooses_is_a_batch(
    tables: None, app_of_7: Client, genome: str, strain: str, senterica: str, name: str
) -> None:
    where = {"what": "no-result", "attributes": {"country": name}}
    wanted = {"name": name, "database": senterica, "scheme": "MLST_Achtman", "where": where, "live_limit": 1}
    assert "nothing is chosen by no-result" in app_of_7.problem("POST", PATH, 422, json=wanted)["detail"]
    # as if it were in use
    query(
        f"UPDATE {senterica}.strains s SET attributes = jsonb_build_object('country', CAST(:name AS text)),"
        f" best_assembly = (SELECT id FROM {senterica}.assemblies WHERE barcode = :genome)"
        " WHERE strain = :strain RETURNING id",
        name=name, strain=strain, genome=genome,
    )  # fmt: skip
    made = app_of_7.post(PATH, wanted)
    assert (made["items"]["size"], made["chosen_by"]) == (1, f"no-result, country={name}")
    app_of_7.post(f"{PATH}/{name}/cancel", status=200)


def test_a_batch_is_paused_resumed_moved_and_cancelled(cluster: Cluster, app_of_7: Client, name: str) -> None:
    path = of(app_of_7, name, (jobs.nap.s(0.2) for _ in range(100)))
    paused = app_of_7.post(f"{path}/pause", {"reason": "the disk"}, 200)
    assert (paused["state"], paused["pause_reason"]) == ("paused", "the disk")
    assert "already paused: the disk" in app_of_7.problem("POST", f"{path}/pause", 409, json={})["detail"]
    assert app_of_7.post(f"{path}/priority", {"priority": 2}, 200)["priority"] == 2
    assert app_of_7.post(f"{path}/resume", status=200)["state"] == "running"
    wait_for("a slice", lambda: app_of_7.get(path)["items"]["live"] > 0)
    app_of_7.post(f"{path}/cancel", status=200)
    done = over(app_of_7, path)
    assert (done["state"], done["items"]["live"], done["items"]["unsent"]) == ("cancelled", 0, 0)
    assert done["items"]["cancelled"] > 50
    assert "it cannot be resumed" in app_of_7.problem("POST", f"{path}/resume", 409)["detail"]
    noted = query("SELECT action FROM crobot.changes WHERE about = :name ORDER BY id", name=name)
    assert [row.action for row in noted] == ["batch pause", "batch priority", "batch resume", "batch cancel"]


def test_what_failed_is_listed_by_pages_and_sent_again_some_at_a_time(
    cluster: Cluster, app_of_7: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of(app_of_7, name, (jobs.fail.s(1) if number % 2 else jobs.add.s(1, 1) for number in range(10)))
    assert over(app_of_7, path)["items"]["failures"] == {"internal": 5}
    asked, seen = f"{path}/items?state=FAILED&limit=2", []
    while asked:
        page = app_of_7.get(asked)
        seen += [item["number"] for item in page["items"]]
        asked = page["next"]
    assert seen == [2, 4, 6, 8, 10]
    assert app_of_7.get(f"{path}/report")["account"]["failed"][0]["items"] == 5
    monkeypatch.setattr(batch_steering, "MOST_RESENT", 3)
    first = app_of_7.post(f"{path}/resend", {"outcome": "internal"}, 200)
    assert first == {"batch": name, "sent": 3, "refused": [], "left": 2}
    assert over(app_of_7, path)["items"]["failed"] == 5
    assert app_of_7.post(f"{path}/resend", {"outcome": "node_lost"}, 200)["sent"] == 0


def test_a_page_of_items_in_some_state_looks_at_no_more_than_a_part(
    cluster: Cluster, app_of_7: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = of(app_of_7, name, (jobs.add.s(number, 1) for number in range(9)))
    over(app_of_7, path)
    monkeypatch.setattr(batches, "_PART", 2)
    monkeypatch.setattr(batches, "LOOKED_AT", 4)
    asked, pages = f"{path}/items?state=FAILED", 0
    while asked:
        page = app_of_7.get(asked)
        asked, pages = page["next"], pages + 1
        assert page["items"] == []
    assert pages == 3


def test_of_what_cannot_be_sent_again_nothing_is_left_and_the_others_are_sent(
    cluster: Cluster, app_of_7: Client, name: str
) -> None:
    path = of(app_of_7, name, (jobs.fail.s(number) for number in range(2)))
    over(app_of_7, path)
    (first, _) = app_of_7.get(f"{path}/items")["items"]
    gone = "UPDATE crobot.jobs SET pipeline = 'gone' WHERE id = :id RETURNING id"
    query(gone, id=first["job_id"])
    answer = app_of_7.post(f"{path}/resend", {}, 200)
    assert (answer["sent"], [one["item"] for one in answer["refused"]]) == (1, [1])
    over(app_of_7, path)


def test_batches_of_others_are_not_there_those_of_the_workgroup_are(
    tables: None, client: Make, name: str
) -> None:
    mine, other, colleague = client(), client(), client(workgroup=name)
    path = of(mine, name, [jobs.add.s(1, 1)], workgroup=name)
    of(mine, f"{name}-2", [jobs.add.s(1, 1)])
    page = mine.get(f"{PATH}?limit=1&over=true")
    assert [one["batch"] for one in page["batches"]] == [f"{name}-2"]
    rest = mine.get(page["next"])
    assert ([one["batch"] for one in rest["batches"]], rest["next"]) == ([name], None)
    assert [one["batch"] for one in colleague.get(f"{PATH}?over=true")["batches"]] == [name]
    assert colleague.get(path)["user_id"] == mine.user
    assert other.get(f"{PATH}?over=true")["batches"] == []
    for method, end in [("GET", ""), ("GET", "/items"), ("GET", "/report"), ("POST", "/cancel")]:
        problem = other.problem(method, path + end, 404)
        assert problem["type"] == "urn:crobot:UnknownBatch"
        assert problem["detail"] == other.problem(method, f"{PATH}/{'x' * len(name)}{end}", 404)["detail"].replace(
            "x" * len(name), name)  # fmt: skip
    admin = client(Scope.ADMIN_READ, Scope.JOBS_STEER)
    assert admin.get(path)["batch"] == name
    assert "somebody else" in admin.problem("POST", f"{path}/cancel", 403)["detail"]
    for one in (name, f"{name}-2"):
        mine.post(f"{PATH}/{one}/cancel", status=200) if mine.get(f"{PATH}/{one}")[
            "state"
        ] == "running" else None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no choice": ({}, "strains"),
    "two choices": ({"strains": ["a"], "where": {"what": "all"}}, "strains"),
    "strains with a scheme": ({"scheme": "MLST_Achtman", "strains": ["a"]}, "strains"),
    "assemblies without one": ({"assemblies": ["a"]}, "assemblies"),
    "params with a scheme": ({"scheme": "MLST_Achtman", "assemblies": ["a"], "params": {}}, "params"),
    "a query of assemblies": ({"where": {"what": "no-result"}}, "where.what"),
    "a query that nobody knows": ({"where": {"what": "new"}}, "where.what"),
    "an outcome without failed": ({"where": {"what": "all", "outcome": "tool"}}, "where.outcome"),
    "no time": ({"where": {"what": "all", "since": "yesterday"}}, "where.since"),
    "an unknown field inside": ({"where": {"what": "all", "before": "2026-01-01"}}, "where.before"),
    "a name as a number": ({"strains": [7]}, "strains.0"),
    "no names": ({"strains": []}, "strains"),
    "a share of two": ({"strains": ["a"], "max_failed_share": 2}, "max_failed_share"),
    "a limit as text": ({"strains": ["a"], "live_limit": "5"}, "live_limit"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_batch_that_cannot_be_names_the_field_and_stores_nothing(
    senterica: str, app_of_7: Client, what: str
) -> None:
    item, field = WRONG[what]
    given = {"name": "wrong", "database": senterica, **item}
    errors = app_of_7.problem("POST", PATH, 422, json=given)["errors"]
    assert [error["field"] for error in errors] == [field]
    assert value("SELECT count(*) FROM crobot.batches WHERE user_id = :user", user=app_of_7.user) == 0


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({"name": "a b", "strains": ["x"]}, "cannot be named 'a b'"),
        ({"database": "nosuch", "strains": ["x"]}, "nosuch"),
        ({"scheme": "nosuch", "assemblies": ["x"]}, "nosuch"),
        ({"strains": ["never"]}, "nothing is to be done"),
        ({"strains": ["x"], "params": {"assembler": "none"}}, "none"),
        ({"strains": ["x"], "workgroup": "other"}, "for no workgroup"),
    ],
)
def test_a_batch_of_nothing_that_there_is_is_refused(
    senterica: str, app_of_7: Client, item: dict[str, Any], says: str
) -> None:
    given = {"name": "wrong", "database": senterica, **item}
    assert says in app_of_7.problem("POST", PATH, 422, json=given)["detail"]
    assert value("SELECT count(*) FROM crobot.batches WHERE name IN ('wrong', 'a b')") == 0


def test_a_name_that_is_taken_is_refused(
    tables: None, app_of_7: Client, name: str, senterica: str, genome: str
) -> None:
    path = of(app_of_7, name, [jobs.add.s(1, 1)])
    given = {"name": name, "database": senterica, "scheme": "MLST_Achtman", "assemblies": [genome]}
    assert "there is a batch" in app_of_7.problem("POST", PATH, 422, json=given)["detail"]
    wait_for("its end or a cancel", lambda: app_of_7.http.post(
        f"{path}/cancel", headers={"Authorization": f"Bearer {app_of_7.token}"}).status_code in (200, 409))  # fmt: skip


@pytest.mark.parametrize("name", ["%00", "a%0Ab", "nosuch", "..%2Fjobs"])
def test_a_batch_that_is_not_there_is_404(tables: None, app_of_7: Client, name: str) -> None:
    app_of_7.problem("GET", f"{PATH}/{name}", 404)
