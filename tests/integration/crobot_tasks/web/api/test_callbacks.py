"""Call-back addresses given over HTTP: checked where they are given, and kept with the job."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crobot_tasks.intake.genomes import add_assembly
from crobot_tasks.operate import webhooks
from crobot_tasks.webhooks.outcomes import post_job
from db.engine import transaction
from db.species.strains import add_strain_with_reads
from demo.data import DemoData
from tests.integration.crobot_tasks.maintenance.past import move
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, ended
from tests.posted_outcomes import Serve, of, over
from tests.processes import query, value

JOBS = f"{ROOT}/jobs"
LATER = {"pipeline": "probe", "countdown_s": 9999}


def test_a_job_that_is_submitted_with_an_address_has_its_outcome_posted_there(
    serve: Serve, app_of_7: Client
) -> None:
    app = serve()
    for path in ("/head/submit", JOBS):
        app_of_7.post(path, {"pipeline": "probe", "params": {"value": 5}, "callback": app.url})
    form = {"SUBMIT": json.dumps({"pipeline": "probe", "callback": app.url})}
    app_of_7.call("POST", "/head/submit", 201, data=form)
    rows = over(app, 3)
    assert {row.user_id for row in rows} == {app_of_7.user}
    told = [json.loads(request.body)["data"] for request in app.requests]
    assert sorted(one["id"] for one in told) == sorted(row.number for row in rows)
    assert {one["state"] for one in told} == {"COMPLETE"}


def test_who_wants_the_outcome_of_a_past_job_has_it_posted(serve: Serve, app_of_7: Client) -> None:
    app, job = serve(), app_of_7.probe()
    assert ended(job) == "COMPLETE"
    move(job)
    post_job(job, app.url)
    assert [row.number for row in over(app)] == [job]
    assert json.loads(app.requests[0].body)["type"] == "job.complete"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://169.254.169.254/latest/", "169.254.169.254 is not among the targets"),
        ("http://[::1]:5000/", "::1 is not among the targets"),
        ("http://127.0.0.1:9/", "`crobot webhooks secret http://127.0.0.1:9`"),
        ("ftp://127.0.0.1/", "not of the form https://host/path"),
        ("http://user:secret@127.0.0.1/", "leave it out"),
        (5, "not a text"),
    ],
)
@pytest.mark.parametrize("path", ["/head/submit", JOBS])
def test_an_address_that_cannot_be_is_named_and_nothing_is_sent(
    policy: None,
    app_of_7: Client,
    path: str,
    address: Any,
    says: str,
) -> None:
    problem = app_of_7.problem("POST", path, 422, json={"pipeline": "probe", "callback": address})
    assert problem["errors"][0]["field"] == "callback"
    assert repr(address) in problem["errors"][0]["value"]
    assert says in problem["errors"][0]["detail"]
    assert query("SELECT id FROM crobot.jobs WHERE user_id = :user", user=app_of_7.user) == []


def test_of_many_jobs_each_has_its_own_address_and_the_wrong_one_is_named(
    serve: Serve, app_of_7: Client
) -> None:
    app = serve()
    items = [LATER | {"callback": app.url}, LATER, LATER | {"callback": f"{app.origin}/other"}]
    wrong = app_of_7.problem("POST", JOBS, 422, json=[*items, LATER | {"callback": "http://10.0.0.1/"}])
    assert wrong["errors"][0]["field"] == "3.callback"
    many = [LATER | {"callback": f"{app.origin}/{number}"} for number in range(11)]
    assert "more than 10 call-back addresses" in app_of_7.problem("POST", JOBS, 422, json=many)["detail"]
    sent = [one["job"] for one in app_of_7.post(JOBS, items)["jobs"]]
    wished = query(
        "SELECT number, url FROM crobot.webhooks WHERE number = ANY(:ids) AND kind = 'job' ORDER BY number",
        ids=sent,
    )
    assert [tuple(row) for row in wished] == [(sent[0], app.url), (sent[2], f"{app.origin}/other")]
    for number in sent:
        app_of_7.post(f"{JOBS}/{number}/cancel", status=200)
    assert {row.number for row in over(app, 2)} == {sent[0], sent[2]}


def test_a_request_that_comes_again_wishes_nothing_more(serve: Serve, app_of_7: Client) -> None:
    app = serve()
    item = LATER | {"callback": app.url}
    numbers = {
        app_of_7.call("POST", JOBS, 201, json=item, headers={"Idempotency-Key": "k"}).get_json()["job"]
        for _ in range(2)
    }
    assert len(numbers) == 1
    assert value("SELECT count(*) FROM crobot.webhooks WHERE url = :url", url=app.url) == 1
    webhooks.switch_off(app.url, "a test")
    app_of_7.call("POST", JOBS, 201, json=item, headers={"Idempotency-Key": "k"})
    assert "switched off" in app_of_7.problem("POST", JOBS, 422, json=item)["detail"]
    app_of_7.post(f"{JOBS}/{numbers.pop()}/cancel", status=200)
    assert {row.state for row in of(app)} == {"held"}


def test_who_joins_a_job_is_told_of_it_too(
    serve: Serve, app_of_7: Client, senterica: str, strain: str, reads: list[str]
) -> None:
    first, second = serve(), serve()
    with transaction(senterica) as session:
        add_strain_with_reads(session, strain, reads, app_of_7.user)
    given = {"database": senterica, "strains": [strain], "params": {"cores": 64}}
    (sent,) = app_of_7.call("PUT", f"{ROOT}/assemble", 201, json=given | {"callback": first.url}).get_json()[
        "jobs"
    ]
    (again,) = app_of_7.call(
        "PUT", f"{ROOT}/assemble", 200, json=given | {"callback": second.url}
    ).get_json()["jobs"]
    assert (again["job"], again["joined"]) == (sent["job"], True)
    wrong = app_of_7.problem("PUT", f"{ROOT}/assemble", 422, json=given | {"callback": "http://10.0.0.1/"})
    assert wrong["errors"][0]["field"] == "callback"
    app_of_7.post(f"{JOBS}/{sent['job']}/cancel", status=200)
    assert over(first)[0].number == over(second)[0].number == sent["job"]


def test_outcomes_of_an_analysis_and_of_a_batch_are_posted_too(
    serve: Serve, app_of_7: Client, senterica: str, strain: str, demo_data: DemoData
) -> None:
    app = serve()
    barcode = add_assembly(senterica, strain, demo_data.sequenced, send=False).barcode
    search = {"database": senterica, "assembly": barcode, "query": "ACGTTGCA" * 20, "callback": app.url}
    analysis = app_of_7.post(f"{ROOT}/analyses/locus-search", search)
    name = f"posted-{analysis['analysis']}"
    batch = {"name": name, "database": senterica, "scheme": "MLST_Achtman", "assemblies": [barcode]}
    app_of_7.post(f"{ROOT}/batches", batch | {"callback": app.url})
    over(app, 2)
    told = {(one := json.loads(request.body))["type"].split(".")[0]: one["data"] for request in app.requests}
    assert told.keys() == {"analysis", "batch"}
    assert (told["analysis"]["id"], told["analysis"]["state"]) == (analysis["analysis"], "complete")
    assert app_of_7.get(told["analysis"]["url"])["id"] == analysis["analysis"]
    assert told["batch"]["name"] == name
    for path, item in ((f"{ROOT}/analyses/locus-search", search), (f"{ROOT}/batches", batch)):
        wrong = app_of_7.problem(
            "POST", path, 422, json=item | {"callback": "http://10.0.0.1/", "name": "other"}
        )
        assert wrong["errors"][0]["field"] == "callback"
    assert value("SELECT count(*) FROM crobot.batches WHERE name = 'other'") == 0
