"""Who may change things on the pages, what a form must show before it does, and what is noted of it."""

from __future__ import annotations

import pytest
import requests

from crobot_tasks.lifecycle.cancel import cancel_each
from tests.command import document
from tests.integration.crobot_tasks.web.events.conftest import Flower
from tests.integration.crobot_tasks.web.flower.conftest import LOGIN, Form, Person, change, forms, send
from tests.processes import Cluster, value

STATE = "SELECT state FROM crobot.jobs WHERE id = :id"
REFUSED = "this form has no valid token"


def test_a_viewer_sees_no_button_and_is_told_why_in_words(
    cluster: Cluster, operator: Person, viewer: Person
) -> None:
    (job,) = send(1, batch="viewed")
    for path in ("/jobs", f"/jobs/{job}", "/nodes", "/batches"):
        assert forms(viewer.page(path)) == []
        assert "what=" not in viewer.page(path)
    assert "with all that match" in operator.get("/jobs")
    assert "with all that match" not in viewer.get("/jobs")
    said = "viewer may look, and change nothing: that takes the credentials of an operator"
    assert said in viewer.get(change("cancel", job), 403)
    assert said in viewer.post(operator.form(change("cancel", job)), 403)
    assert said in viewer.post(operator.form("/nodes", node="calc01", what="drain"), 403, reason="no")
    assert value(STATE, id=job) == "WAITING"
    assert value("SELECT drained_at FROM crobot.nodes WHERE name = 'calc01'") is None
    cancel_each([job])


def test_flowers_own_check_passes_without_a_token_and_ours_does_not(
    cluster: Cluster, operator: Person, flower: Flower
) -> None:
    # Flower refuses this one for being read-only, which it looks at after its check against forgery
    own = requests.post(f"{operator.base}/api/worker/shutdown/nobody", auth=LOGIN, timeout=60)
    assert (own.status_code, own.text) == (403, "Read only mode is enabled")
    (job,) = send(1)
    form = operator.form(change("cancel", job))
    without = Form(form.action, {name: text for name, text in form.fields.items() if name != "token"})
    assert REFUSED in operator.post(without, 403)
    assert value(STATE, id=job) == "WAITING"
    cancel_each([job])


@pytest.mark.parametrize(
    "path",
    ["apply/probe", "async-apply/probe", "send-task/probe", "abort/1.1", "revoke/1.1", "rate-limit/probe"],
)
def test_flowers_own_ways_to_change_something_are_closed(flower: Flower, operator: Person, path: str) -> None:
    before = value("SELECT count(*) FROM crobot.jobs")
    own = requests.post(f"{operator.base}/api/task/{path}", json={"args": []}, auth=LOGIN, timeout=60)
    assert own.status_code == 403
    assert requests.post(f"{operator.base}/api/task/{path}", json={}, timeout=60).status_code == 401
    assert value("SELECT count(*) FROM crobot.jobs") == before


def test_a_token_is_for_one_person_and_one_purpose(cluster: Cluster, operator: Person, ada: Person) -> None:
    (job,) = send(1)
    form = operator.form(change("hold", job))
    assert REFUSED in ada.post(form, 403, reason="mine")
    for changed in ({"what": "cancel"}, {"about": "other"}, {"ids": "eJwzBAAAMgAy"}, {"token": "x.é.y"}):
        assert REFUSED in operator.post(form, 403, reason="mine", **changed)
    other = operator.form("/nodes", node="calc02", what="drain")
    assert REFUSED in operator.post(other, 403, node="calc01", reason="no")
    assert value("SELECT held_at FROM crobot.jobs WHERE id = :id", id=job) is None
    assert "Done." in operator.post(form, reason="mine")
    cancel_each([job])


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=range(5),
)
def test_a_form_from_another_site_is_refused(
    cluster: Cluster, operator: Person, headers: dict[str, str]
) -> None:
    (job,) = send(1)
    form = operator.form(change("cancel", job))
    operator.post(form, 403, headers)
    assert value(STATE, id=job) == "WAITING"
    own = {"Origin": operator.base, "Sec-Fetch-Site": "same-origin"}
    assert "cancel: 1 of 1 jobs" in operator.post(form, 200, own)
    assert value(STATE, id=job) == "CANCELLED"


def test_it_is_noted_who_changed_what_when_from_where_and_how_many(
    cluster: Cluster, operator: Person, ada: Person
) -> None:
    jobs = send(2)
    odd = """<b>disk</b> is 'full'; DROP TABLE jobs --"""
    proxied = {"X-Forwarded-For": "192.0.2.77, 198.51.100.7"}
    ada.post(ada.form(change("hold", *jobs)), 200, proxied, reason=odd)
    shown = ada.get("/audit?who=ada&what=hold")
    row = next(row for row in shown.split("<tr>") if odd in row)
    for text in ("ada", "198.51.100.7", "hold", f"jobs {jobs[0]}, {jobs[1]}", '"text-end">2<'):
        assert text in row
    assert "<b>disk" not in ada.page("/audit")
    assert odd in ada.get(f"/jobs/{jobs[1]}")
    assert odd not in operator.get("/audit?who=operator")
    assert odd not in operator.get("/audit?what=cancel")
    cancel_each(jobs)


def test_changes_by_tokens_stand_beside_those_of_operators_and_are_read_by_pages(operator: Person) -> None:
    app = ("--user", 4711, "--scope", "jobs:read", "--name", "<i>app</i>")
    number = document("token", "create", *app)["id"]
    for _ in range(50):
        document("token", "revoke", number)
    first = operator.get("/audit?who=4711")
    assert f"<i>app</i>, token {number} of user 4711" in first
    assert "<i>app" not in operator.page("/audit?who=4711")
    assert "the command line" in first
    assert first.count('<td data-label="What">token revoke') == 50
    older = first.split("before=")[1].split('"')[0]
    assert operator.get(f"/audit?who=4711&before={older}").count('<td data-label="What">token create') == 1
    assert "there is no change 999999999" in operator.get("/audit/999999999", 404)
    assert "user '99999999999' is not a whole number" in operator.get("/audit?who=99999999999", 400)
