"""The receiving half: an app's function is called once with each outcome, however often and by whom it is delivered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app
from sqlalchemy import create_engine, text

from crobot_errors import BadInput
from crobot_tasks.jobs import CRobotJob, NomenclatureJob, get_crobot_job
from crobot_tasks.operate import webhooks
from crobot_tasks.web.receiver import Begin, Outcome, SqlStore, calls, receiver
from crobot_tasks.webhooks import signing
from tests.posted_outcomes import hurry, of, over, send
from tests.processes import Cluster, query, wait_for
from tests.web_apps import WebApp, flask_app

SECRET = signing.new_secret()
JOB = {
    "id": 42, "state": "COMPLETE", "outcome": "ok", "message": None, "pipeline": "nomenclature", "version": "4.1",
    "type": "nomenclature:MLST_Achtman", "tag": "SAL_AA0001AA_AS", "database": "senterica", "batch": "", "user_id": 17,
    "workgroup": "salmonella", "priority": 5, "args": [], "kwargs": {"params": {"a": 1}}, "context": {"scheme": "x"},
    "result": {"results": {"ST": 13}}, "result_is_inline": True, "node": "calc01", "url": "/api/v1.0/jobs/42",
}  # fmt: skip
BODY = json.dumps({"type": "job.complete", "timestamp": "2026-11-26T15:00:00Z", "data": JOB})


class App:
    """A web app, and what its function was called with."""

    def __init__(self, path: Path, function: Callable[[Outcome], object] | None = None) -> None:
        self.store = f"sqlite:///{path / 'outcomes.db'}"
        self.called: list[Outcome] = []
        self.function = function or (lambda _: None)
        self.flask = self.start()

    def start(self) -> Flask:
        """The app as after a restart: what it remembers is in the store."""
        flask = Flask("app")
        flask.register_blueprint(receiver(self.call, secrets=[SECRET], store=SqlStore(self.store)))
        return flask

    def call(self, outcome: Outcome) -> None:
        assert current_app.name == "app"
        self.called.append(outcome)
        self.function(outcome)

    def post(
        self, body: str = BODY, message_id: str = "m1", flask: Flask | None = None, **changed: Any
    ) -> Any:
        headers: dict[str, Any] = signing.headers(message_id, datetime.now(UTC), body, [SECRET])
        headers = {name: value for name, value in (headers | changed).items() if value is not None}
        return (flask or self.flask).test_client().post("/crobot_callback", data=body, headers=headers)


@pytest.fixture
def app(tmp_path: Path) -> App:
    return App(tmp_path)


def test_the_job_is_rebuilt_and_the_function_called_once_also_after_a_restart(app: App) -> None:
    assert app.post().status_code == 204
    assert app.post().status_code == 204
    assert app.post(flask=app.start()).status_code == 204
    (outcome,) = app.called
    assert (outcome.id, outcome.kind, outcome.state, outcome.number) == ("m1", "job", "COMPLETE", 42)
    assert outcome.result == {"results": {"ST": 13}}
    assert isinstance(outcome.job, NomenclatureJob)
    assert (outcome.job.number, outcome.job.tag, outcome.job.params) == (42, "SAL_AA0001AA_AS", {"a": 1})
    assert app.post(message_id="m2").status_code == 204
    assert len(app.called) == 2


def test_two_copies_at_once_call_it_once_in_two_processes_too(tmp_path: Path) -> None:
    app = App(tmp_path, lambda _: time.sleep(0.2))
    other = app.start()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: app.post(flask=other if number % 2 else None), range(8)))
    assert {answer.status_code for answer in answers} <= {204, 503}
    assert 204 in {answer.status_code for answer in answers}
    assert len(app.called) == 1


def test_a_slow_function_is_answered_for_fast_and_called_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "WAIT_S", 0.1)
    goes_on = threading.Event()
    app = App(tmp_path, lambda _: goes_on.wait())
    first, second = app.post(), app.post()
    assert [answer.status_code for answer in (first, second)] == [503, 503]
    assert int(first.headers["Retry-After"]) > 0
    assert "at work on this outcome" in first.get_json()["detail"]
    goes_on.set()
    wait_for("the function to end", lambda: app.post().status_code == 204)
    assert len(app.called) == 1


def test_a_function_that_fails_is_called_again_and_nobody_reads_why(tmp_path: Path) -> None:
    def fails_first(_: Outcome) -> None:
        if len(app.called) == 1:
            raise ValueError("the password is 12345")

    app = App(tmp_path, fails_first)
    answer = app.post()
    assert answer.status_code == 500
    assert "12345" not in answer.get_data(as_text=True)
    assert app.post().status_code == 204
    assert app.post().status_code == 204
    assert len(app.called) == 2


def test_what_a_process_had_in_hand_that_died_is_taken_over(app: App) -> None:
    store, other = SqlStore(app.store), SqlStore(app.store)
    assert store.begin("m1") is Begin.YOURS
    assert other.begin("m1") is Begin.UNDER_WAY
    assert app.post().status_code == 503
    with create_engine(app.store).begin() as connection:
        connection.execute(text("UPDATE crobot_outcomes SET seen_at = seen_at - 61"))
    assert app.post().status_code == 204
    store.forget("m1")  # it was frozen, and not dead: that changes nothing any more
    assert other.begin("m1") is Begin.DONE
    assert len(app.called) == 1


@pytest.mark.parametrize(
    ("changed", "status", "says"),
    [
        ({"webhook-signature": None}, 400, "webhook-signature is missing"),
        ({"webhook-id": None}, 400, "webhook-id is missing"),
        ({"webhook-timestamp": "soon"}, 400, "webhook-timestamp is not of its form"),
        ({"webhook-signature": "v1"}, 400, "webhook-signature is not of its form"),
        ({"webhook-signature": "v1,AAAA"}, 401, "none of the secrets"),
        ({"webhook-id": "m9"}, 401, "none of the secrets"),
        ({"webhook-timestamp": "1"}, 401, "too old"),
        ({"webhook-timestamp": "99999999999"}, 401, "too new"),
    ],
)
def test_who_does_not_sign_is_told_why_and_nothing_is_called(
    app: App, changed: dict[str, Any], status: int, says: str
) -> None:
    answer = app.post(**changed)
    assert answer.status_code == status
    assert says in answer.get_json()["detail"]
    assert "Error" not in answer.get_data(as_text=True)
    assert app.called == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 422), ("{", 422), ("[]", 422), ("[" * 100_000, 422), ('{"type": "job.complete", "data": {"id": 1}}', 422),
        ('{"type": "x.y", "data": {"id": 1, "state": "s"}}', 422),
        ('{"type": "job.complete", "data": {"id": 1, "state": "COMPLETE", "kwargs": {}, "context": {}}}', 422),
        ("x" * 1_000_001, 413),
    ],
)  # fmt: skip
def test_what_is_signed_and_no_outcome_is_refused(app: App, body: str, status: int) -> None:
    assert app.post(body).status_code == status
    assert app.called == []


def test_outcomes_without_a_job_object_come_too(app: App) -> None:
    analysis = {
        "id": 7,
        "state": "failed",
        "message": "no contig",
        "result": None,
        "url": "/api/v1.0/analyses/7",
    }
    large = JOB | {"kwargs": None}
    for number, (kind, data) in enumerate((("analysis.failed", analysis), ("job.complete", large))):
        assert app.post(json.dumps({"type": kind, "data": data}), f"n{number}").status_code == 204
    assert [(one.kind, one.job, one.message) for one in app.called] == [
        ("analysis", None, "no contig"),
        ("job", None, ""),
    ]


@pytest.mark.parametrize(
    "secrets", [[], SECRET, ["whsec_"], ["not base64!"]], ids=["none", "a text", "empty", "no base64"]
)
def test_a_receiver_without_a_secret_is_none(tmp_path: Path, secrets: Any) -> None:
    with pytest.raises(BadInput, match="secret"):
        receiver(print, secrets=secrets, store=SqlStore("sqlite://"))


@pytest.mark.parametrize("name", ["id", "pipeline", "kwargs", "context"])
def test_data_that_are_none_of_a_job_name_what_is_missing(name: str) -> None:
    with pytest.raises(BadInput, match=f"{name}"):
        get_crobot_job({one: value for one, value in JOB.items() if one != name})


def test_a_plain_task_is_a_job_without_a_class() -> None:
    job = get_crobot_job(JOB | {"type": "", "pipeline": "probe", "database": None})
    assert type(job) is CRobotJob
    assert job.params == {"a": 1}


def test_an_app_elsewhere_needs_neither_settings_nor_servers(tmp_path: Path) -> None:
    program = tmp_path / "elsewhere.py"
    program.write_text(
        "import json, sys\n"
        "from crobot_tasks.jobs import get_crobot_job\n"
        "from crobot_tasks.web.receiver import SqlStore, receiver\n"
        "from flask import Flask\n"
        f"Flask('x').register_blueprint(receiver(print, secrets=[{SECRET!r}], store=SqlStore('sqlite://')))\n"
        "print(get_crobot_job(json.load(sys.stdin)))\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": os.getcwd()}
    environment["CROBOT_DATABASE_URL"] = environment["CROBOT_BROKER_URL"] = "nonsense://nowhere"
    done = subprocess.run(
        [sys.executable, program],
        input=json.dumps(JOB),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (
        done.stdout.strip() == "<NomenclatureJob nomenclature:MLST_Achtman SAL_AA0001AA_AS of senterica>"
    ), done.stderr
    assert list(home.iterdir()) == []


@pytest.fixture
def callbacks_back(cluster: Cluster) -> Iterator[None]:
    """The worker that posts, which the test kills, is at work again after it."""
    starts = cluster.callbacks.text().count("ready.")
    yield
    if cluster.callbacks.status == "exited":
        cluster.callbacks.start()
    wait_for("the worker for plain tasks", lambda: cluster.callbacks.text().count("ready.") > starts)


def test_a_sender_that_is_killed_while_the_app_is_at_work_calls_it_once(
    policy: None, cluster: Cluster, callbacks_back: None, tmp_path: Path
) -> None:
    goes_on = threading.Event()
    app = App(tmp_path, lambda _: goes_on.wait())
    with flask_app(app.flask) as origin:
        posted = WebApp([], port=int(origin.rpartition(":")[2]))
        query("DELETE FROM crobot.webhook_secrets WHERE origin = :origin RETURNING origin", origin=origin)
        webhooks.make_secret(origin)
        query(
            "UPDATE crobot.webhook_secrets SET secret = :secret WHERE origin = :origin RETURNING origin",
            secret=SECRET,
            origin=origin,
        )
        sent = send(f"{origin}/crobot_callback", value=3)
        wait_for("the function", lambda: app.called)
        cluster.callbacks.kill()
        assert [(row.state, row.status) for row in of(posted)] == [("waiting", None)]
        cluster.callbacks.start()
        # what the dead sender had in hand is taken over when its time is over
        query(
            "UPDATE crobot.deliveries SET due_at = now() WHERE origin = :origin RETURNING id", origin=origin
        )
        wait_for("another try", lambda: of(posted)[0].tries == 2)
        goes_on.set()
        (row,) = over(posted)
        assert row.state == "delivered"
        (outcome,) = app.called
        assert (outcome.number, outcome.result["results"]) == (sent.job_id, {"value": 3})
        hurry(posted)
        assert timedelta(0) < row.ended_at - row.written_at
