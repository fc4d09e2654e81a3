"""Whatever a body raises or returns, the job ends by itself, once, with a message: its node and process live on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import crobot_tasks.database  # noqa: F401 (it tells db where the database is)
from tests import ends
from tests.odd_errors import ODD, odd, raises, returns
from tests.processes import Cluster


@pytest.fixture(scope="module")
def odd_cluster(tables: None, data_dir: Path) -> Iterator[Cluster]:
    """One node that knows the odd tasks."""
    modules = "tests.canvas_tasks,tests.odd_errors"
    with Cluster(data_dir / "odd", nodes=("odd01",), CROBOT_IMPORTS=modules) as running:
        yield running


def end_of(job_id: int | None) -> Any:
    row = ends.ended([job_id])[0]
    assert (row.state, row.attempt) == ("FAILED", 1), (row.outcome, row.message)
    return row


@pytest.mark.parametrize("name", ODD)
def test_any_exception_of_a_body_ends_its_job_as_itself_and_once(odd_cluster: Cluster, name: str) -> None:
    _, cls, words = ODD[name]
    row = end_of(raises.delay(name).job_id)
    assert row.outcome == "internal"
    assert cls in row.message
    assert words in row.message
    assert len(row.message) < 5000
    assert row.result["exc_type"].endswith(cls)


@pytest.mark.parametrize("name", ODD)
def test_any_exception_of_a_pipeline_ends_its_job_as_itself_and_once(odd_cluster: Cluster, name: str) -> None:
    _, cls, words = ODD[name]
    row = end_of(odd.delay(params={"odd": name}).job_id)
    assert row.outcome == "internal"
    assert cls in row.message
    assert words in row.message


@pytest.mark.parametrize("name", ["deep", "set", "nan", "nul"])
def test_a_result_that_cannot_be_written_fails_its_job(odd_cluster: Cluster, name: str) -> None:
    assert "the result of odd.returns" in end_of(returns.delay(name).job_id).message


def test_the_caller_gets_the_exception_itself(odd_cluster: Cluster) -> None:
    with pytest.raises(UnicodeDecodeError, match="invalid start byte"):
        raises.delay("bytes").get(timeout=30)
