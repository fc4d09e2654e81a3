"""A request with an Idempotency-Key is done once, however often it comes, also at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from db.crobot import old_rows
from db.crobot.old_rows import FIXED_DAYS
from db.engine import transaction, try_lock
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import query, value

JOBS = f"{ROOT}/jobs"
ITEM = {"pipeline": "probe", "countdown_s": 9999}


def send(client: Client, key: str, status: int = 201, item: Any = ITEM) -> Any:
    return client.call("POST", JOBS, status, json=item, headers={"Idempotency-Key": key})


def sent(client: Client) -> list[int]:
    return [row.id for row in query("SELECT id FROM crobot.jobs WHERE user_id = :user", user=client.user)]


def cancel(client: Client) -> None:
    for number in sent(client):
        client.post(f"{JOBS}/{number}/cancel", {}, 200)


def test_the_same_request_gets_the_first_answer_another_body_is_refused(
    tables: None, app_of_7: Client
) -> None:
    first, second = send(app_of_7, "k1"), send(app_of_7, "k1")
    assert first.get_json()["job"] == second.get_json()["job"]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["Location"] == first.headers["Location"]
    other = app_of_7.problem(
        "POST", JOBS, 422, json=ITEM | {"tag": "other"}, headers={"Idempotency-Key": "k1"}
    )
    assert "'k1' was used within 24 hours for another request" in other["detail"]
    assert sent(app_of_7) == [first.get_json()["job"]]
    cancel(app_of_7)


def test_the_first_answer_is_given_again_although_the_files_have_gone(
    two_species: str, data_dir: Path, app_of_7: Client
) -> None:
    names = [data_dir / "reads" / f"gone_{mate}.fastq" for mate in (1, 2)]
    for mate, path in enumerate(names, 1):
        path.write_text(f"@run.1/{mate}\n{'ACGT' * 20}\n+\n{'I' * 80}\n")
    item = {"database": "senterica", "strain": "gone", "reads": [[str(path) for path in names]]}
    first = send(app_of_7, "gone", item=item).get_json()
    for path in names:
        path.unlink()
    assert send(app_of_7, "gone", item=item).get_json() == first
    app_of_7.problem("POST", JOBS, 422, json=item, headers={"Idempotency-Key": "another"})
    cancel(app_of_7)


def test_many_that_come_at_once_send_one_job(tables: None, app_of_7: Client) -> None:
    def post(_: int) -> Any:
        client = Client(app_of_7.http.application.test_client(), app_of_7.user, app_of_7.token)
        headers = {"Authorization": f"Bearer {client.token}", "Idempotency-Key": "at-once"}
        return client.http.post(JOBS, json=ITEM, headers=headers)

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(post, range(10)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    (number,) = sent(app_of_7)
    assert {answer.get_json()["job"] for answer in answers if answer.status_code == 201} == {number}
    assert send(app_of_7, "at-once").get_json()["job"] == number
    cancel(app_of_7)


def test_one_that_is_under_way_is_not_waited_for(tables: None, app_of_7: Client) -> None:
    token = value("SELECT id FROM crobot.api_tokens WHERE user_id = :user", user=app_of_7.user)
    with ThreadPoolExecutor(1) as other, transaction() as session:
        assert try_lock(session, f"request {token} k2")
        answer = other.submit(send, app_of_7, "k2", 409).result()
    assert "is under way" in answer.get_json()["detail"]
    send(app_of_7, "k2")
    cancel(app_of_7)


def test_a_request_that_was_refused_is_no_answer_to_keep(tables: None, app_of_7: Client) -> None:
    send(app_of_7, "k3", 422, {"pipeline": "nosuch"})
    send(app_of_7, "k3")
    cancel(app_of_7)


def test_keys_belong_to_tokens_and_are_forgotten_after_a_day(tables: None, app_of_7: Client) -> None:
    send(app_of_7, "k4")
    yesterday = """UPDATE crobot.kept_answers k SET kept_at = now() - interval '25 hours'
                   FROM crobot.api_tokens t WHERE t.id = k.token_id AND t.user_id = :user RETURNING key"""
    assert [row.key for row in query(yesterday, user=app_of_7.user)] == ["k4"]
    assert "Idempotency-Replayed" not in send(app_of_7, "k4").headers
    assert len(sent(app_of_7)) == 2
    query(yesterday, user=app_of_7.user)
    with transaction() as session:
        while old_rows.remove(session, "answers", FIXED_DAYS["answers"]).number:
            pass
    left = "SELECT count(*) FROM crobot.kept_answers k JOIN crobot.api_tokens t ON t.id = k.token_id"
    assert value(f"{left} WHERE t.user_id = :user", user=app_of_7.user) == 0
    cancel(app_of_7)


def test_a_key_that_cannot_be_is_refused(tables: None, app_of_7: Client) -> None:
    assert "visible characters" in send(app_of_7, "a b", 422).get_json()["detail"]
