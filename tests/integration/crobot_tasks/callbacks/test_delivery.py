"""Outcomes reach web apps, whatever those do; each of them is a real server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from crobot_errors import BadInput
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.operate import webhooks
from crobot_tasks.operate.resend import resend
from crobot_tasks.tasks import job_task
from crobot_tasks.webhooks import outcomes, signing
from db.engine import transaction
from tests.posted_outcomes import Serve, of, over, send, tried
from tests.processes import query, value, wait_for
from tests.web_apps import WebApp, closes, drips, drips_a_body, huge, never, says


def data(app: WebApp, number: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.requests[number].body)["data"]
    return found


def test_how_a_job_ended_is_posted_signed_and_once(serve: Serve) -> None:
    app = serve()
    sent = send(app.url, value=5)
    (row,) = over(app)
    assert (row.state, row.tries, row.status, row.error) == ("delivered", 1, 204, "")
    (request,) = app.requests
    assert request.head.startswith("POST /crobot_callback HTTP/1.1")
    assert signing.check(request.headers, request.body, [app.secret]) == str(row.message_id)
    assert json.loads(request.body)["type"] == "job.complete"
    found = data(app)
    assert (found["id"], found["state"], found["result"]["results"]) == (
        sent.job_id,
        "COMPLETE",
        {"value": 5},
    )
    assert found["url"] == f"/api/v1.0/jobs/{sent.job_id}"
    assert of(app) == [row]


def test_the_trace_of_a_call_comes_with_its_outcome(serve: Serve) -> None:
    app, trace = serve(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with transaction():
        sent = job_task("probe").apply_async(headers={"traceparent": trace})
        outcomes.post_job(sent.job_id, app.url)
    send(app.url)
    over(app, 2)
    traces = [request.headers.get("traceparent") for request in app.requests]
    assert sorted(traces, key=str) == [trace, None]
    assert signing.check(app.requests[0].headers, app.requests[0].body, [app.secret])


def test_each_way_to_end_is_told_and_a_job_that_is_sent_again_too(serve: Serve) -> None:
    app = serve()
    failed, cancelled = send(app.url, fail="tool"), send(app.url, sleep_s=600)
    cancel(cancelled.job_id, "nobody wants it")
    assert {row.number for row in over(app, 2)} == {failed.job_id, cancelled.job_id}
    told = {one["id"]: one for one in (data(app, number) for number in range(2))}
    assert (told[failed.job_id]["state"], told[failed.job_id]["outcome"]) == ("FAILED", "tool")
    assert told[cancelled.job_id]["state"] == "CANCELLED"
    assert told[cancelled.job_id]["message"] == "nobody wants it"
    again = resend(failed.job_id)
    over(app, 3)
    assert data(app, 2)["id"] == again.job_id
    assert data(app, 2)["context"]["resent_from"] == failed.job_id


def test_of_a_job_that_is_over_it_is_told_at_once_and_twice_is_once(serve: Serve) -> None:
    app, other = serve(), serve()
    sent = send(app.url)
    over(app)
    outcomes.post_job(sent.job_id, app.url)
    outcomes.post_job(sent.job_id, other.url)
    outcomes.post_job(sent.job_id, other.url)
    over(other)
    assert (len(of(app)), len(of(other))) == (1, 1)


def test_a_large_result_is_named_by_its_path(serve: Serve) -> None:
    app = serve()
    send(app.url, value="x" * 100_000)
    over(app)
    assert data(app)["result"] is None
    assert data(app)["result_is_inline"] is False


def test_who_fails_is_asked_again_with_the_same_message(serve: Serve) -> None:
    app = serve(
        says("500 Internal Server Error"),
        says("503 Service Unavailable", "Retry-After: 7200"),
        says("200 OK"),
    )
    send(app.url)
    row = tried(app)
    assert (row.state, row.status, row.error) == ("waiting", 500, "it answers 500 Internal Server Error")
    assert 0 < (row.due_at - datetime.now(UTC)).total_seconds() < 10
    query("UPDATE crobot.deliveries SET due_at = now() WHERE id = :id RETURNING id", id=row.id)
    row = wait_for("the second try", lambda: [one for one in of(app) if one.status == 503])[0]
    assert 7000 < (row.due_at - datetime.now(UTC)).total_seconds() <= 7200
    (row,) = over(app)
    assert (row.state, row.tries, row.status, row.error) == ("delivered", 3, 200, "")
    assert len({request.headers["webhook-id"] for request in app.requests}) == 1
    assert len({request.body for request in app.requests}) == 1


def test_what_answers_badly_is_a_try_that_failed_and_holds_nobody_up(serve: Serve) -> None:
    """All at once: what is slow takes the whole time limit, and an app that is well does not wait for it."""
    bad = {
        "never": (serve(never), "it has not answered within 3 s"),
        "drips": (serve(drips), "it has not answered within 3 s"),
        "drips a body": (serve(drips_a_body), "it has not answered within 3 s"),
        "closes": (serve(closes), "it does not answer"),
        "redirects": (
            serve(says("307 Temporary Redirect", "Location: http://127.0.0.1:1/")),
            "give the address to which it leads",
        ),
        "nonsense": (
            serve(lambda client: client.sendall(b"\x00\xff nonsense\r\n\r\n")),
            "it does not answer",
        ),
    }
    well, greedy = serve(), serve(huge)
    for app, _ in bad.values():
        for _ in range(3):
            send(app.url)
    send(well.url)
    send(greedy.url)
    assert over(well)[0].tries == 1
    slow = bad["never"][0]
    assert [row.error for row in of(slow)] == ["", "", ""]
    for name, (app, error) in bad.items():
        row = wait_for(f"{name}: a try", lambda app=app: [one for one in of(app) if one.error])[0]
        assert (row.state, name) == ("waiting", name)
        assert error in row.error, name
        assert (row.due_at - row.tried_at).total_seconds() < 60, name
    # its status was good, and the rest was not read
    assert over(greedy)[0].state == "delivered"


def test_who_is_gone_is_switched_off_until_an_operator_switches_it_on(serve: Serve) -> None:
    app = serve(says("410 Gone"), says("204 No Content"))
    send(app.url)
    assert over(app)[0].state == "held"
    (off,) = [one for one in webhooks.listing()["off"] if one["url"] == app.url]
    assert off["reason"] == "it answered 410"
    with pytest.raises(BadInput, match=f"`crobot webhooks on {app.url}`"):
        outcomes.checked(app.url)
    # one that was wished for before is written, and waits
    sent = send(f"{app.origin}/other", sleep_s=0)
    query(
        "UPDATE crobot.webhooks SET url = :url WHERE kind = 'job' AND number = :id RETURNING id",
        url=app.url,
        id=sent.job_id,
    )
    wait_for("the job", lambda: value("SELECT finished_at FROM crobot.jobs WHERE id = :id", id=sent.job_id))
    with pytest.raises(BadInput, match="is switched off"):
        webhooks.resend([of(app)[0].id])
    url, waited = webhooks.switch_on(app.url)
    assert url == app.url
    assert waited >= 1
    assert {row.state for row in over(app, len(of(app)))} == {"delivered"}


def test_a_delivery_that_is_sent_again_has_the_same_id_and_two_secrets_sign_during_a_rotation(
    serve: Serve,
) -> None:
    app = serve()
    send(app.url)
    (row,) = over(app)
    _, new, until = webhooks.rotate_secret(app.origin, 3600)
    assert until > datetime.now(UTC)
    assert webhooks.resend([row.id]) == [row.id]
    wait_for("it once more", lambda: len(app.requests) == 2)
    second = app.requests[1]
    for secret in (app.secret, new):
        assert signing.check(second.headers, second.body, [secret]) == str(row.message_id)
    assert over(app)[0].state == "delivered"


def test_what_was_given_up_is_sent_again(serve: Serve) -> None:
    app = serve(says("500 Internal Server Error"), says("204 No Content"))
    send(app.url)
    tried(app)
    query("UPDATE crobot.deliveries SET tries = 8 WHERE origin = :origin RETURNING id", origin=app.origin)
    query(
        "UPDATE crobot.deliveries SET state = 'given_up' WHERE origin = :origin RETURNING id",
        origin=app.origin,
    )
    ids = webhooks.resend_given_up(app.url)
    assert ids == [row.id for row in of(app)]
    assert over(app)[0].state == "delivered"


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("http://169.254.169.254/latest/meta-data", "not among the targets"),
        ("http://127.0.0.2/", "not among the targets"),
        ("http://localhost.invalid/", "is not found"),
        ("http://127.0.0.1:9/", "there is no secret for the call-back address http://127.0.0.1:9/"),
    ],
)
def test_an_address_that_cannot_be_is_refused_where_it_is_given(
    policy: None, address: str, says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        outcomes.checked(address)
