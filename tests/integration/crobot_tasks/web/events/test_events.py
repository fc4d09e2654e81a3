"""Streams of events from a real `crobot flower`, of jobs that run on a real cluster."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import requests

import celeryconfig
from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.making import Limits
from crobot_tasks.lifecycle.cancel import cancel_each
from crobot_tasks.operate import tokens
from crobot_tasks.operate.hold import hold
from crobot_tasks.operate.tokens import Scope
from db.crobot.selection import Selection
from db.engine import engine
from tests.canvas_tasks import jobs
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.integration.crobot_tasks.web.events.conftest import ORIGIN, Event, Flower, Follow
from tests.processes import query, value, wait_for

ORDER = ["WAITING", "ROUTED", "RUNNING", "COMPLETE"]


def in_state(state: str) -> Callable[[Event], bool]:
    return lambda event: event.name == "job" and event.data["state"] == state


def test_the_life_of_a_job_is_told_in_order_from_where_it_stands_to_its_end(
    follow: Follow, app_of_7: Client
) -> None:
    number = app_of_7.probe(params={"sleep_s": 1.5}, countdown_s=1)
    stream = follow(app_of_7, job=number)
    assert stream.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert stream.answer.headers["Cache-Control"] == "no-store"
    assert stream.answer.headers["X-Accel-Buffering"] == "no"
    assert stream.until_end() == "over"
    states = stream.states()
    assert states[0] == "WAITING"
    assert states[-2:] == ["RUNNING", "COMPLETE"]
    assert [ORDER.index(state) for state in states] == sorted(ORDER.index(state) for state in states)
    first, last = stream.events[0].data, stream.events[-2].data
    assert first["why"].startswith("not before")
    listed = next(one for one in app_of_7.get(f"{ROOT}/jobs")["jobs"] if one["id"] == number)
    assert last.keys() == listed.keys() - {"url"}
    assert (last["id"], last["node"], last["attempt"]) == (number, listed["node"], 1)
    # one that is over is told as it is, and nothing more is to come
    again = follow(app_of_7, job=number)
    assert again.until_end() == "over"
    assert again.states() == ["COMPLETE"]


def test_how_far_a_job_is_is_told_to_who_follows_it_or_its_user(
    follow: Follow, app_of_7: Client, tmp_path: Path
) -> None:
    arguments = ("HALFWAY", {"current": 2, "total": 4}, str(tmp_path / "go"))
    sent = jobs.tell.apply_async(arguments, countdown=1, job={"user_id": app_of_7.user})
    streams = [follow(app_of_7, job=sent.job_id), follow(app_of_7, user="me")]
    for stream in streams:
        told = stream.until("its progress", lambda event: event.data.get("progress"))
        assert told.data["progress"] == {"state": "HALFWAY", "meta": {"current": 2, "total": 4}}
        assert told.data["state"] == "RUNNING"
    (tmp_path / "go").touch()
    for stream in streams:
        assert stream.until("the end", in_state("COMPLETE")).data["progress"] is None


def test_a_stream_that_was_cut_goes_on_where_it_was(flower: Flower, follow: Follow, app_of_7: Client) -> None:
    number = app_of_7.probe(countdown_s=9999)
    stream = follow(app_of_7, url=flower.front_url, job=number)
    seen = stream.until("the present state", in_state("WAITING"))
    flower.front.reset()
    wait_for("the cut", stream.ended.is_set)
    # nothing has happened, so nothing new is told
    resumed = follow(app_of_7, last=seen.id, job=number)
    hold(Selection(ids=(number,)), "a test")
    held = resumed.until("the hold", lambda event: event.data["held_at"])
    assert [event.data["hold_reason"] for event in resumed.events if event.id != seen.id][-1:] == ["a test"]
    assert {event.data["state"] for event in resumed.events} == {"WAITING"}
    resumed.close()
    # what happened meanwhile is told
    cancel_each([number])
    last = follow(app_of_7, job=number, last_event_id=held.id)
    assert last.until_end() == "over"
    assert last.states() == ["CANCELLED"]
    # an id from elsewhere tells nothing, so the present state is told
    for foreign in ("ffffffff.1", f"{held.id}0", "nonsense"):
        other = follow(app_of_7, last=foreign, job=number)
        assert other.until_end() == "over"
        assert other.states() == ["CANCELLED"]


def test_a_change_that_is_committed_late_is_not_missed(follow: Follow, app_of_7: Client) -> None:
    early, late = app_of_7.probe(countdown_s=9999), app_of_7.probe(countdown_s=9999)
    stream = follow(app_of_7, user="me")
    stream.until("the present state", lambda event: event.name == "jobs")
    commit = hold_uncommitted(late)
    hold(Selection(ids=(early,)), "early")
    stream.until("what was committed first", lambda event: event.data.get("hold_reason") == "early")
    commit()
    stream.until("what had begun before it", lambda event: event.data.get("hold_reason") == "late")
    reasons = [event.data["hold_reason"] for event in stream.events if event.name == "job"]
    assert reasons == ["early", "late"]
    cancel_each([early, late])


def hold_uncommitted(job_id: int) -> Callable[[], None]:
    """Begin a transaction that holds a job; what is returned commits it."""
    connection = engine().connect()
    connection.exec_driver_sql(
        "UPDATE crobot.jobs SET held_at = now(), hold_reason = 'late' WHERE id = %s", (job_id,)
    )

    def commit() -> None:
        connection.commit()
        connection.close()

    return commit


def test_a_user_follows_all_jobs_and_sees_nobody_elses(
    follow: Follow, app_of_7: Client, client: Callable[..., Client]
) -> None:
    other = client()
    first, foreign = app_of_7.probe(countdown_s=9999), other.probe(countdown_s=9999)
    stream = follow(app_of_7, user="me")
    start = stream.until("the present state", lambda event: event.name == "jobs").data
    assert (start["user"], [job["id"] for job in start["jobs"]]) == (app_of_7.user, [first])
    assert start["live"] == {"WAITING": 1, "ROUTED": 0, "RUNNING": 0}
    second = app_of_7.probe()
    stream.until("the end of a new one", in_state("COMPLETE"))
    stream.close()
    cancel_each([first, foreign])
    resumed = follow(app_of_7, last=stream.events[-1].id, user=app_of_7.user)
    resumed.until("what was missed", in_state("CANCELLED"))
    assert {event.name for event in resumed.events} == {"job"}
    seen = {event.data["id"] for event in stream.events + resumed.events if event.name == "job"}
    assert seen == {first, second}


def test_many_changes_of_a_user_are_told_as_a_whole(follow: Follow, app_of_7: Client) -> None:
    item = {"pipeline": "probe", "countdown_s": 9999, "batch": "many"}
    sent = [one["job"] for one in app_of_7.post(f"{ROOT}/jobs", [item] * 250)["jobs"]]
    stream = follow(app_of_7, user="me")
    stream.until("the present state", lambda event: event.name == "jobs")
    hold(Selection(ids=tuple(sent)), "all")
    whole = stream.until(
        "the newest", lambda event: event.name == "jobs" and event.data["jobs"][0]["held_at"]
    )
    assert [job["id"] for job in whole.data["jobs"]] == sorted(sent, reverse=True)[:100]
    assert whole.data["live"]["WAITING"] == 250
    assert all(event.name == "jobs" for event in stream.events)
    cancel_each(sent)


def test_a_client_that_does_not_read_is_dropped_and_the_others_are_not(
    flower: Flower, follow: Follow, app_of_7: Client
) -> None:
    item = {"pipeline": "probe", "countdown_s": 9999}
    sent = tuple(one["job"] for one in app_of_7.post(f"{ROOT}/jobs", [item] * 30)["jobs"])
    healthy = follow(app_of_7, user="me")
    healthy.until("the present state", lambda event: event.name == "jobs")
    reads = f"user={app_of_7.user} "
    changes = 0

    def dropped() -> bool:
        nonlocal changes
        changes += 1
        hold(Selection(ids=sent), f"{changes} " + "x" * 5000)
        healthy.until("the change", lambda event: event.data.get("hold_reason", "").startswith(f"{changes} "))
        return any("dropped" in line and reads in line for line in flower.process.text().splitlines())

    with slow_reader(flower, app_of_7):
        wait_for("the slow client to be dropped", dropped)
    assert not healthy.ended.is_set()
    hold(Selection(ids=sent), "the last")
    healthy.until("the last", lambda event: event.data.get("hold_reason") == "the last")
    cancel_each(sent)


@contextmanager
def slow_reader(flower: Flower, who: Client) -> Iterator[None]:
    """A client of all the user's jobs that reads nothing."""
    address = urlsplit(flower.url)
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((address.hostname, address.port))
        request = f"GET /events?user=me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {who.token}\r\n\r\n"
        slow.sendall(request.encode())
        yield


def test_a_batch_is_followed_to_its_end(follow: Follow, client: Callable[..., Client]) -> None:
    owner, stranger = client(workgroup="typhi"), client()
    name = f"live-{uuid4()}"
    Batch.of(
        (jobs.nap.s(0.1) for _ in range(12)),
        name=name,
        limits=Limits(live=6, slice=3),
        user_id=owner.user,
    )
    stream = follow(owner, batch=name)
    assert stream.until_end() == "over"
    counts = [event.data["items"]["complete"] for event in stream.events if event.name == "batch"]
    assert counts == sorted(counts)
    assert counts[-1] == 12
    assert stream.events[0].data["batch"] == name
    assert follow(stranger, batch=name).answer.status_code == 404


def test_of_a_name_that_jobs_carry_each_sees_the_own_jobs(
    follow: Follow, client: Callable[..., Client]
) -> None:
    name = f"label-{uuid4()}"
    one, other = client(workgroup="dublin"), client()
    mine = [one.probe(batch=name, countdown_s=9999) for _ in range(2)]
    theirs = other.probe(batch=name, countdown_s=9999)
    streams = [follow(who, batch=name) for who in (one, other)]
    for stream, jobs_of_it in zip(streams, (2, 1), strict=True):
        start = stream.until("the present state", lambda event: event.name == "batch")
        assert start.data["items"]["queued"] == jobs_of_it
    cancel_each([*mine, theirs])
    assert [stream.until_end() for stream in streams] == ["over", "over"]
    assert streams[0].events[-2].data["items"]["cancelled"] == 2


def test_what_is_not_theirs_is_not_there(follow: Follow, client: Callable[..., Client]) -> None:
    owner, colleague, stranger = client(workgroup="enteritidis"), client(workgroup="enteritidis"), client()
    auditor = client(Scope.ADMIN_READ)
    number = owner.probe(countdown_s=9999, workgroup="enteritidis", batch=f"of {owner.user}")
    assert follow(colleague, job=number).answer.status_code == 200
    assert follow(auditor, user=owner.user).answer.status_code == 200
    for what in ({"job": number}, {"user": owner.user}, {"batch": f"of {owner.user}"}):
        refused = follow(stranger, **what).answer
        assert (refused.status_code, refused.json()["status"]) == (404, 404)
        assert refused.headers["Content-Type"] == "application/problem+json"
        missing = follow(stranger, **dict.fromkeys(what, 2**31 - 5)).answer.json()
        assert missing["detail"].split("it is none")[1] == refused.json()["detail"].split("it is none")[1]
    sender = client(Scope.JOBS_SEND)
    assert follow(sender, job=number).answer.status_code == 403
    cancel_each([number])


def test_a_token_that_is_revoked_ends_its_streams_and_no_others(
    follow: Follow, client: Callable[..., Client]
) -> None:
    one, two = client(user=71_001), client(user=71_001)
    number = one.probe(countdown_s=9999)
    ends, stays = follow(one, job=number), follow(two, job=number)
    ends.until("the present state", in_state("WAITING"))
    tokens.revoke(value("SELECT id FROM crobot.api_tokens WHERE user_id = 71001 ORDER BY id LIMIT 1"))
    assert ends.until_end() == "token"
    assert follow(one, job=number).answer.status_code == 401
    cancel_each([number])
    assert stays.until_end() == "over"


def test_a_database_that_is_lost_ends_no_stream_and_hides_nothing(
    flower: Flower, follow: Follow, app_of_7: Client
) -> None:
    number = app_of_7.probe(countdown_s=9999)
    stream = follow(app_of_7, job=number)
    stream.until("the present state", in_state("WAITING"))
    flower.database.go_away()
    try:
        hold(Selection(ids=(number,)), "while it was away")
        refused = follow(app_of_7, job=number).answer
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        assert str(flower.database.port) not in refused.text
        assert not stream.ended.is_set()
        assert len(stream.events) == 1
    finally:
        flower.database.heal()
    stream.until("what happened meanwhile", lambda event: event.data["hold_reason"] == "while it was away")
    flower.database.reset()
    cancel_each([number])
    assert stream.until_end() == "over"


def test_a_ticket_opens_one_stream(flower: Flower, follow: Follow, app_of_7: Client) -> None:
    number = app_of_7.probe(countdown_s=9999)
    client = app_of_7
    assert "CROBOT_EVENTS_URL" in client.problem("POST", f"{ROOT}/events/tickets", 404)["detail"]
    assert "crobot flower" in client.problem("GET", f"{ROOT}/events?job={number}", 404)["detail"]
    celeryconfig.crobot_events_url = flower.url
    try:
        made = client.post(f"{ROOT}/events/tickets")
        led = client.call("GET", f"{ROOT}/events?job={number}&ticket=a", 307)
    finally:
        celeryconfig.crobot_events_url = ""
    assert led.headers["Location"] == f"{flower.url}?job={number}&ticket=a"
    assert (made["url"], made["expires_in_s"]) == (flower.url, 60)
    stream = follow(job=number, ticket=made["ticket"])
    stream.until("the present state", in_state("WAITING"))
    assert follow(job=number, ticket=made["ticket"]).answer.status_code == 401
    assert made["ticket"] not in flower.process.text()
    assert (
        query("SELECT * FROM crobot.event_tickets WHERE sha256 = :a", a=tokens.sha256(made["ticket"])) == []
    )
    celeryconfig.crobot_events_url = flower.url
    try:
        late = client.post(f"{ROOT}/events/tickets")["ticket"]
    finally:
        celeryconfig.crobot_events_url = ""
    query("UPDATE crobot.event_tickets SET expires_at = now() RETURNING 1")
    assert "older than 60 s" in follow(job=number, ticket=late).answer.json()["detail"]
    cancel_each([number])


def test_bad_input_is_named_with_the_way_out(flower: Flower, follow: Follow, app_of_7: Client) -> None:
    wrong = {
        "": "nothing is asked for: follow one of",
        "?job=1&user=me": "job and user is asked for",
        "?job=one": "'one'",
        "?job=0": "'0'",
        "?job=99999999999999999999": "no number of a job",
        "?user=-1": "'-1'",
        "?batch=": "no name of a batch",
        "?batch=a%00b": "no name of a batch",
        "?job=1&job=2": "open a stream for each",
        f"?job=1&token={app_of_7.token}": "a token goes into the header",
        "?jobs=1": "'jobs' is not known here",
        "?job=1&ticket=a": "both a ticket and a token",
    }
    headers = {"Authorization": f"Bearer {app_of_7.token}"}
    for asked, words in wrong.items():
        answer = requests.get(flower.url + asked, headers=headers, timeout=60)
        assert (answer.status_code, words in answer.json()["detail"]) == (422, True), (asked, answer.text)
    for header in ("", "Bearer ", "Bearer no", "Basic !!", "Basic b3BlcmF0b3I6c2VjcmV0", "Digest a"):
        answer = requests.get(f"{flower.url}?job=1", headers={"Authorization": header}, timeout=60)
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json"), (
            header
        )
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert requests.post(flower.url, timeout=60).status_code == 405


def test_only_pages_of_addresses_that_are_set_may_read(flower: Flower, app_of_7: Client) -> None:
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example.org", None), ("null", None)):
        asked = requests.options(flower.url, headers={"Origin": origin}, timeout=60)
        answer = requests.get(flower.url, headers={"Origin": origin}, timeout=60)
        assert asked.status_code == 204
        assert "Last-Event-ID" in asked.headers["Access-Control-Allow-Headers"]
        for one in (asked, answer):
            assert one.headers.get("Access-Control-Allow-Origin") == allowed
            assert one.headers["Vary"] == "Origin"


def test_no_more_streams_are_taken_than_are_set(flower: Flower, follow: Follow, app_of_7: Client) -> None:
    number = app_of_7.probe(countdown_s=9999)
    statuses = [follow(app_of_7, job=number).answer.status_code for _ in range(51)]
    assert statuses[0] == 200
    assert statuses[-1] == 503
    cancel_each([number])
