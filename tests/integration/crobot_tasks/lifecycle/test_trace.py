"""The trace that a call belongs to is kept with its job, however it comes."""

from __future__ import annotations

from typing import Any

import pytest

from crobot_errors import BadInput
from crobot_tasks.tasks import job_task
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client, app_of_7, client, web
from tests.processes import Cluster, value

__all__ = ["app_of_7", "client", "web"]

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def kept(job_id: int | None) -> Any:
    return value("SELECT traceparent FROM crobot.jobs WHERE id = :id", id=job_id)


def send(**options: Any) -> int | None:
    number: int | None = job_task("probe").apply_async(**options).job_id
    return number


def test_it_may_be_an_option_of_the_call_or_a_header_as_libraries_write_it(cluster: Cluster) -> None:
    assert kept(send(job={"traceparent": TRACE})) == TRACE
    assert kept(send(headers={"traceparent": TRACE})) == TRACE
    assert kept(send(headers={"traceparent": OTHER}, job={"traceparent": TRACE})) == TRACE
    assert kept(send()) is None


def test_one_that_is_none_is_refused_as_an_option_and_ignored_as_a_header(cluster: Cluster) -> None:
    with pytest.raises(BadInput, match="traceparent '00-xyz' is none: version, trace id"):
        send(job={"traceparent": "00-xyz"})
    assert kept(send(headers={"traceparent": "00-xyz"})) is None


def test_a_request_belongs_to_one_and_the_next_one_does_not(cluster: Cluster, app_of_7: Client) -> None:
    def sent(*traces: str) -> Any:
        headers = [("Authorization", f"Bearer {app_of_7.token}"), *[("traceparent", one) for one in traces]]
        answer = app_of_7.http.post(f"{ROOT}/jobs", json={"pipeline": "probe"}, headers=headers)
        assert answer.status_code == 201
        return kept(answer.get_json()["job"])

    assert sent(TRACE) == TRACE
    assert kept(send()) is None
    assert sent() is None
    assert sent("00-xyz") is None
    # of several nobody knows which counts
    assert sent(TRACE, OTHER) is None
