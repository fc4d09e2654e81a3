"""The description of the API comes from the code, and has every path with the problems that it may answer."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client

OPEN = {f"{ROOT}/health"}


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
    paths = {
        str(rule).replace("<int:job_id>", "{job_id}").replace("<path:name>", "{name}")
        for rule in web.url_map.iter_rules()
    }
    assert paths - set(described["paths"]) == {f"{ROOT}/openapi.json"}


def test_each_has_its_problems_a_summary_and_how_to_show_a_token(described: Any) -> None:
    for path, method, operation in operations(described):
        where = f"{method} {path}"
        assert operation["summary"], where
        responses = operation["responses"]
        wanted = {"500", "503"}
        if path not in OPEN:
            wanted |= {"401", "403"}
            assert operation["security"] == [{"bearer": []}, {"basic": []}], where
        if "{job_id}" in path:
            wanted |= {"404"}
        if method in ("post", "put"):
            wanted |= {"409"}
            assert "Idempotency-Key" in [one["name"] for one in operation["parameters"]], where
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
