"""What operators are told of a node that is up, and whose processes begin nothing."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from crobot_tasks.operate import troubles
from db.engine import transaction
from tests import ends
from tests.command import crobot, document
from tests.pools import go_on, standing_still
from tests.processes import Cluster, query

_SENT_EARLIER = """
    UPDATE crobot.attempts SET routed_at = now() - interval '3 minutes' WHERE job_id = :id RETURNING node"""


@pytest.fixture
def numb(cluster: Cluster) -> Iterator[list[psutil.Process]]:
    """The processes of all nodes, which are stopped; nothing runs beside this test."""
    with standing_still(*cluster.nodes.values(), size=cluster.cores) as processes:
        yield processes


def begin_nothing() -> list[str]:
    """What is said of nodes that begin nothing; others may be silent, left by other tests."""
    with transaction() as session:
        return [trouble.what for trouble in troubles.of_nodes(session) if "does not begin" in trouble.what]


def test_a_node_that_begins_nothing_is_named(numb: list[psutil.Process]) -> None:
    job_id = document("send", "probe")["job"]
    ends.reach(job_id, "ROUTED")
    assert begin_nothing() == []
    node = query(_SENT_EARLIER, id=job_id)[0].node
    (what,) = begin_nothing()
    assert what.startswith(
        f"{node} has free cores, and does not begin what was sent to it, such as job {job_id}: 1 in"
    )
    go_on(numb)
    crobot("wait", job_id, "--timeout", 60)
    assert begin_nothing() == []


def test_what_waits_for_cores_of_its_node_is_no_trouble(cluster: Cluster, numb: list[psutil.Process]) -> None:
    job_id = document("send", "probe")["job"]
    ends.reach(job_id, "ROUTED")
    query(_SENT_EARLIER, id=job_id)
    taken = "UPDATE crobot.attempts SET cores = :cores WHERE job_id = :id RETURNING cores"
    query(taken, id=job_id, cores=cluster.cores + 1)
    assert begin_nothing() == []
    query(taken, id=job_id, cores=cluster.cores)
    assert len(begin_nothing()) == 1
    query(taken, id=job_id, cores=1)
    go_on(numb)
    crobot("wait", job_id, "--timeout", 60)
