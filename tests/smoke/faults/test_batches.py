"""A batch during which everything is killed, again and again: each item is sent once and accounted for once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest

from crobot_tasks.batches.batch import Batch
from crobot_tasks.batches.making import Limits
from tests import ends
from tests.callback_tasks import push
from tests.fault_tasks import noted
from tests.integration.crobot_tasks.batches.test_batch import told
from tests.processes import Cluster, query, wait_for

LARGE = [pytest.mark.full, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("items", [300, pytest.param(20_000, marks=LARGE)])
def test_a_batch_survives_that_everything_is_killed(site: Cluster, note: Path, items: int) -> None:
    name, heard = f"batch-{uuid4()}", str(uuid4())
    limits = Limits(live=items // 4, slice=items // 10)
    signatures = (noted.s(str(note), number) for number in range(items))
    batch = Batch.of(signatures, name=name, limits=limits).on_complete(push.s(heard))
    for share in (0.1, 0.4, 0.7):
        wait_for("some to end", lambda share=share: batch.standing().over > share * items, timeout_s=1800)
        kill_all(site)
    wait_for("the batch", lambda: batch.state == "over", timeout_s=1800)
    assert_accounted(batch, note, items)
    wait_for("the callback", lambda: told(heard))
    assert [one["complete"] for one in told(heard)] == [items]


def kill_all(site: Cluster) -> None:
    """Kill every process of the cluster at once, and start them again."""
    for process in site.processes:
        process.kill()
    for process in site.processes:
        process.start()
    site.ready()


def assert_accounted(batch: Batch, note: Path, items: int) -> None:
    account = list(batch.account())
    assert [item.number for item in account] == list(range(1, items + 1))
    assert Counter(item.state for item in account) == {"COMPLETE": items}
    sent = {row.id for row in query("SELECT id FROM crobot.jobs WHERE batch = :name", name=batch.name)}
    assert sent == {item.job_id for item in account}
    assert len(sent) == items
    began = ends.lines(note)
    assert {int(attempt.split(".")[0]) for attempt in began} == sent
    assert set(began.values()) == {1}
