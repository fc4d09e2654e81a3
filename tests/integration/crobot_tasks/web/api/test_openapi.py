"""The description of the API comes from the code, and has every path with the problems that it may answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client

OPEN = {f"{ROOT}/health", f"{ROOT}/events"}
#: nothing is done that a repetition could do twice
WITHOUT_KEY = {f"{ROOT}/events/tickets"}


@pytest.fixture(scope="module")
def described(web: Flask) -> Any:
    return web.test_client().get(f"{ROOT}/openapi.json").get_json()


def operations(described: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
        if method in ("get", "post", "put", "delete")
    ]


def test_every_path_of_the_app_is_described(web: Flask, described: Any) -> None:
    paths = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(rule)) for rule in web.url_map.iter_rules()}
    own = {f"{ROOT}/openapi.json", f"{ROOT}/docs/", f"{ROOT}/docs/{{name}}"}
    assert paths - set(described["paths"]) == own


def test_each_has_its_problems_a_summary_and_how_to_show_a_token(described: Any) -> None:
    for path, method, operation in operations(described):
        where = f"{method} {path}"
        assert operation["summary"], where
        responses = operation["responses"]
        wanted = {"500", "503"}
        if path not in OPEN:
            wanted |= {"401", "403", "429"}
            assert operation["security"] == [{"bearer": []}, {"basic": []}], where
        if "{job_id}" in path or "{upload_id}" in path:
            wanted |= {"404"}
        if method in ("post", "put") and path not in WITHOUT_KEY:
            wanted |= {"409"}
            named = [one["name"] for one in operation.get("parameters", [])]
            # what tus says twice is done once, by its own rules
            assert ("Idempotency-Key" in named) != (operation["tags"] == ["crobot-tus"]), where
        if "requestBody" in operation:
            wanted |= {"400", "413", "415", "422"}
        assert wanted <= responses.keys(), where
        for status, response in responses.items():
            if status.startswith(("4", "5")):
                problem = response["content"]["application/problem+json"]["schema"]
                assert problem == {"$ref": "#/components/schemas/Problem"}, where
        assert any(status.startswith("2") for status in responses), where
        assert "default" not in responses, where


def test_what_is_answered_is_what_is_described(app_of_7: Client, described: Any, tables: None) -> None:
    number = app_of_7.probe(countdown_s=9999)
    schemas = described["components"]["schemas"]
    assert app_of_7.job(number).keys() == schemas["JobAnswer"]["properties"].keys()
    (listed,) = app_of_7.get(f"{ROOT}/jobs")["jobs"]
    assert listed.keys() == schemas["ListedJob"]["properties"].keys()
    app_of_7.post(f"{ROOT}/jobs/{number}/cancel", status=200)


def test_the_page_for_people_asks_only_its_own_address(web: Flask) -> None:
    client = web.test_client()
    answer = client.get(f"{ROOT}/docs/", buffered=True)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    named = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert named == ["data:,", "swagger-ui.css", "swagger-ui-bundle.js", "start.js"]
    for name in [*named[1:], "LICENSE"]:
        with client.get(f"{ROOT}/docs/{name}") as file:
            assert file.status_code == 200
            assert int(file.headers["Content-Length"]) > 100
    start = client.get(f"{ROOT}/docs/start.js", buffered=True).text
    assert "validatorUrl: null" in start
    assert '"../openapi.json"' in start
    assert client.get(f"{ROOT}/docs/..%2Fserver.py").status_code == 404
