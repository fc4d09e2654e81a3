"""What commands say of nodes and failed projects is what a reader can count and type."""

from __future__ import annotations

import pytest

from crobot_tasks.cli.analyses.projects import _way_out
from crobot_tasks.cli.show.nodes import _cores


@pytest.mark.parametrize(
    ("used", "shown"), [(0, "0 of 2"), (2, "2 of 2"), (4, "2 of 2, 2 queued")], ids=["idle", "full", "queue"]
)
def test_a_node_never_uses_more_cores_than_it_has(used: int, shown: str) -> None:
    assert _cores({"cores": 2, "cores_used": used}) == shown


def test_the_way_out_of_a_failed_project_names_the_assembly_that_the_error_names() -> None:
    found = {"id": 5, "assemblies": ["SAL_AA0001AA_AS", "SAL_AA0002AA_AS"], "error": "SAL_AA0002AA_AS: no"}
    assert _way_out(found).endswith("when the cause is gone, or a project without SAL_AA0002AA_AS")


def test_the_way_out_of_a_cancelled_project_is_to_resume_it() -> None:
    found = {"id": 5, "assemblies": ["SAL_AA0001AA_AS"], "error": "job 7 was cancelled"}
    assert _way_out(found) == "`crobot project resume 5` when the cause is gone"
