"""What cannot be is refused, names the field, the value and the way out, and stores nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from crobot_tasks.operate import tokens
from crobot_tasks.operate.tokens import Scope
from tests.command import crobot, document
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import query, value

Make = Callable[..., Client]
JOBS = f"{ROOT}/jobs"
DEEP = "[" * 10_000 + "]" * 10_000

#: item → the field that is wrong, its value, and what is said of it
WRONG: dict[str, tuple[dict[str, Any], str, str | None, str]] = {
    "a number as text": ({"priority": "3"}, "priority", "'3'", "write it without quotes"),
    "true as a number": ({"priority": True}, "priority", "True", "whole number"),
    "a number that is too large": ({"priority": 10}, "priority", "10", "not from 0 to 9"),
    "a number as a name": ({"tag": 5}, "tag", "5", "not a text"),
    "a field that is not known": ({"prio": 3}, "prio", "3", "known are pipeline, version"),
    "a line break": ({"tag": "a\r\nX-Evil: 1"}, "tag", r"'a\r\nX-Evil: 1'", "line break"),
    "NUL": ({"batch": "a\0b"}, "batch", r"'a\x00b'", "NUL"),
    "half a surrogate pair": ({"tag": "\ud800"}, "tag", r"'\ud800'", "surrogate"),
    "params that are a list": ({"params": []}, "params", "[]", "not an object"),
    "a time that is over": ({"expires_s": 0}, "expires_s", "0", "greater than"),
    "seconds as text": ({"countdown_s": "5"}, "countdown_s", "'5'", "write it without quotes"),
    "another workgroup": ({"workgroup": "x"}, "workgroup", "'x'", "for no workgroup"),
    "a field of another kind": ({"assembly": "SAL"}, "assembly", "'SAL'", "takes no assembly"),
    "a version that there is not": ({"version": "99"}, "", None, "99 is not known"),
    "NUL in params": ({"params": {"value": "a\0b"}}, "", None, "NUL"),
    "many read sets": ({"reads": [["ERR1"]] * 10_000}, "reads", None, "more than 100"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_stored(app_of_7: Client) -> Any:
    yield
    assert value("SELECT count(*) FROM crobot.jobs WHERE user_id = :user", user=app_of_7.user) == 0
    noted = "SELECT count(*) FROM crobot.changes WHERE user_id = :user AND action <> 'token create'"
    assert value(noted, user=app_of_7.user) == 0


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_field_is_named_with_its_value_and_the_way_out(
    tables: None, app_of_7: Client, what: str
) -> None:
    item, field, given, says = WRONG[what]
    problem = app_of_7.problem("POST", JOBS, 422, json={"pipeline": "probe", **item})
    (error,) = problem["errors"]
    assert error["field"] == field
    assert given is None or error["value"] == given
    assert says in error["detail"]


def test_a_file_outside_the_roots_is_refused(tables: None, app_of_7: Client) -> None:
    item = {"pipeline": "assembly_stats", "params": {"prefix": "P", "genus": "Salmonella"}}
    item["inputs"] = {"assembly": "/etc/passwd"}
    problem = app_of_7.problem("POST", JOBS, 422, json=item)
    assert problem["type"] == "urn:crobot:BadPath"
    assert "'/etc/passwd' lies outside" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b"{", 400, "no JSON"),
        (b'{"pipeline": "\xff"}', 400, "no JSON"),
        (b'{"pipeline": "probe", "params": {"value": NaN}}', 400, "NaN"),
        (DEEP.encode(), 400, "50 deep"),
        (b'{"pipeline": "probe", "params": {"a": ' + b"[" * 60 + b"]" * 60 + b"}}", 400, "50 deep"),
        (b"9" * 5000, 400, "no JSON"),
        (b'{"pipeline": "nosuch", "pipeline": "probe"}', 400, "'pipeline' is there more than once"),
        (b" " * 10_000_001, 413, "larger than 10 MB"),
        (b"[]", 422, "0 jobs"),
        (b"5", 422, ""),
        (b"null", 422, ""),
        (b"[1]", 422, ""),
        (json.dumps([{"pipeline": "probe"}] * 1001).encode(), 422, "1,001 jobs"),
    ],
    ids=lambda value: value.decode(errors="replace")[:20] if isinstance(value, bytes) else None,
)
def test_a_body_that_cannot_be_is_refused(
    tables: None, app_of_7: Client, body: bytes, status: int, says: str
) -> None:
    given = {"data": body, "content_type": "application/json"}
    assert says in app_of_7.problem("POST", JOBS, status, **given)["detail"]


def test_a_query_that_would_be_ignored_is_refused(tables: None, app_of_7: Client) -> None:
    problem = app_of_7.problem("POST", f"{JOBS}?dry_run=true", 422, json={"pipeline": "probe"})
    assert problem["errors"] == [{"field": "dry_run", "value": "true", "detail": problem["detail"]}]


def test_a_body_of_another_type_is_refused(tables: None, app_of_7: Client) -> None:
    assert "send JSON" in app_of_7.problem("POST", JOBS, 415, data={"pipeline": "probe"})["detail"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=x", "limit"),
        ("state=DONE", "state.0"),
        ("after=5", "after"),
        ("after=am9iIC01", "after"),
        ("batch=%00", "batch"),
        ("usr=7", "usr"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_query_that_cannot_be_is_refused(tables: None, app_of_7: Client, query: str, field: str) -> None:
    assert [one["field"] for one in app_of_7.problem("GET", f"{JOBS}?{query}", 422)["errors"]] == [field]


def test_a_pipeline_that_was_mistyped_is_no_empty_list(tables: None, app_of_7: Client) -> None:
    assert app_of_7.problem("GET", f"{JOBS}?pipeline=prob", 422)["type"] == "urn:crobot:UnknownPipeline"


def test_jobs_of_two_species_are_no_single_transaction(tables: None, app_of_7: Client) -> None:
    items = [{"database": name, "scheme": "x", "assembly": "y"} for name in ("senterica", "ecoli")]
    assert "ecoli and senterica apart" in app_of_7.problem("POST", JOBS, 422, json=items)["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{ROOT}/nosuch", 404),
        ("DELETE", JOBS, 405),
        ("GET", f"{JOBS}/-1", 404),
        ("GET", f"{JOBS}/1/files/../../../etc/passwd", 404),
    ],
)
def test_a_path_that_is_not_there_is_a_problem_too(
    tables: None, app_of_7: Client, method: str, path: str, status: int
) -> None:
    app_of_7.problem(method, path, status)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_a_token_is_made_shown_once_listed_and_revoked(tables: None, app_of_7: Client) -> None:
    line = ("token", "create", "--user", app_of_7.user, "--scope", "jobs:read", "--expires", "90d")
    made = document(*line, "--name", "web app", "--workgroup", "x")
    assert made["scopes"] == ["jobs:read"]
    other = Client(app_of_7.http, app_of_7.user, made["token"])
    assert other.get(JOBS) == {"jobs": [], "next": None}
    listed = crobot("token", "list")
    assert "web app" in listed.stdout
    assert made["token"] not in listed.stdout + str(document("token", "list"))
    assert value("SELECT count(*) FROM crobot.api_tokens WHERE position(:token IN api_tokens::text) > 0",
                 token=made["token"].removeprefix(tokens.PREFIX)) == 0  # fmt: skip
    document("token", "revoke", made["id"])
    assert "is revoked" in other.problem("GET", JOBS, 401)["detail"]
    assert document("token", "revoke", 10**6, code=1)["error"]["type"] == "BadToken"
    query(
        "DELETE FROM crobot.changes WHERE user_id = :user AND action = 'token revoke' RETURNING id",
        user=app_of_7.user,
    )


def test_a_token_is_taken_as_the_user_of_basic(tables: None, app_of_7: Client) -> None:
    assert app_of_7.http.get(JOBS, auth=(app_of_7.token, "")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer \x80\xff"},
        {"Authorization": "Digest username=x"},
        {"Authorization": "Basic ***"},
        {"Authorization": "Basic bm9ib2R5Og=="},
    ],
    ids=str,
)
def test_without_a_token_that_counts_nothing_is_told(
    tables: None, app_of_7: Client, headers: dict[str, str]
) -> None:
    app_of_7.token = ""
    answer = app_of_7.call("GET", JOBS, 401, headers=headers)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json()["status"] == 401


def test_an_expired_token_says_so(tables: None, app_of_7: Client) -> None:
    query(
        "UPDATE crobot.api_tokens SET expires_at = now() WHERE user_id = :user RETURNING id",
        user=app_of_7.user,
    )
    assert "is expired: `crobot token create`" in app_of_7.problem("GET", JOBS, 401)["detail"]


def test_a_scope_that_is_missing_is_named(tables: None, client: Make, app_of_7: Client) -> None:
    reader = client(Scope.JOBS_READ, user=app_of_7.user)
    query("DELETE FROM crobot.changes WHERE user_id = :user RETURNING id", user=app_of_7.user)
    assert "jobs:send" in reader.problem("POST", JOBS, 403, json={"pipeline": "probe"})["detail"]
    assert "jobs:steer" in reader.problem("POST", f"{JOBS}/1/cancel", 403, json={})["detail"]
    assert "nodes:read or admin:read" in reader.problem("GET", f"{ROOT}/nodes", 403)["detail"]


@pytest.mark.parametrize("given", ["ok-1", "bad\tid", "x" * 65, "a b"])
def test_a_request_id_is_taken_if_it_is_sane(tables: None, app_of_7: Client, given: str) -> None:
    answer = app_of_7.call("GET", JOBS, 200, headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) == (given == "ok-1")
