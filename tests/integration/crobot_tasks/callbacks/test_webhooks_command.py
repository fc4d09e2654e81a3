"""`crobot webhooks`: what an operator sees of posted outcomes, and does about them."""

from __future__ import annotations

import json

from crobot_tasks.webhooks import signing
from tests.command import crobot, document
from tests.posted_outcomes import Serve, of, over, send
from tests.processes import query, wait_for
from tests.web_apps import says


def test_outcomes_are_listed_and_sent_again(serve: Serve) -> None:
    app = serve(says("204 No Content"))
    sent = send(app.url)
    (row,) = over(app)
    (told,) = document("webhooks", "list", "--job", sent.job_id)["deliveries"]
    assert (told["id"], told["of"], told["state"], told["url"]) == (
        row.id,
        f"job {sent.job_id}",
        "delivered",
        app.url,
    )
    shown = crobot("webhooks", "list", "--to", app.url, "--state", "delivered").stdout
    assert f"{row.id}  job {sent.job_id}  delivered" in shown
    assert document("webhooks", "resend", row.id) == {"sent": [row.id]}
    wait_for("it once more", lambda: len(app.requests) == 2)
    over(app)
    assert "no such outcomes" in crobot("webhooks", "list", "--to", f"{app.origin}/never").stdout


def test_an_address_that_is_switched_off_is_shown_with_the_way_to_switch_it_on(serve: Serve) -> None:
    app = serve()
    assert "is switched off" in crobot("webhooks", "off", app.url, "--reason", "it moved").stdout
    shown = crobot("webhooks", "list").stdout
    assert f"{app.url} is switched off since" in shown
    assert f"it moved. What is for it waits, for `crobot webhooks on {app.url}`" in shown
    assert document("webhooks", "on", app.url) == {"url": app.url, "waited": 0}
    error = document("webhooks", "on", app.url, code=1)["error"]
    assert "is not switched off" in error["message"]


def test_a_secret_is_shown_once_and_another_made_beside_it(policy: None) -> None:
    app = "http://127.0.0.1:4"
    query("DELETE FROM crobot.webhook_secrets WHERE origin = :origin RETURNING origin", origin=app)
    first = document("webhooks", "secret", f"{app}/crobot_callback")
    assert (first["origin"], first["former_until"]) == (app, None)
    signing.check_secret(first["secret"])
    assert "--rotate" in document("webhooks", "secret", app, code=1)["error"]["message"]
    second = crobot("webhooks", "secret", app, "--rotate", "--both", "1h").stdout
    assert "The one before signs, too, until" in second
    assert first["secret"] not in second
    listed = document("webhooks", "targets")
    assert "127.0.0.1" in listed["targets"]
    assert app in [one["origin"] for one in listed["secrets"]]
    assert first["secret"] not in json.dumps(listed)
    assert "outcomes may be posted to: 127.0.0.1" in crobot("webhooks", "targets").stdout
    wrong = document("webhooks", "secret", "http://127.0.0.1:5", "--rotate", code=1)["error"]["message"]
    assert "has no secret yet" in wrong


def test_what_cannot_be_sent_again_says_why(policy: None) -> None:
    wrong = document("webhooks", "resend", 2**40, code=1)["error"]["message"]
    assert f"there is no delivery {2**40}; `crobot webhooks list`" in wrong
    assert crobot("webhooks", "resend").returncode == 2
    assert "name deliveries, or give --given-up" in crobot("webhooks", "resend").stderr
    assert crobot("webhooks", "resend", 1, "--given-up").returncode == 2


def test_all_that_was_given_up_is_sent_again(serve: Serve) -> None:
    app = serve(says("500 Internal Server Error"), says("204 No Content"))
    send(app.url)
    wait_for("a try", lambda: of(app) and of(app)[0].status == 500)
    query(
        "UPDATE crobot.deliveries SET state = 'given_up' WHERE origin = :origin RETURNING id",
        origin=app.origin,
    )
    assert crobot("webhooks", "resend", "--given-up", "--to", app.url).stdout == "1 outcome is posted again\n"
    assert over(app)[0].state == "delivered"
    assert "nothing was given up" in crobot("webhooks", "resend", "--given-up", "--to", app.url).stdout
