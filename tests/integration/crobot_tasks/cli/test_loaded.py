"""What the commands that people type most often load: no Celery, no migrations, nothing that draws or calculates."""

from __future__ import annotations

import pytest

from db.crobot import leases
from db.engine import transaction
from tests.command import document, loaded_by

#: each takes a tenth of a second to load, or several
SLOW = {"alembic", "celery", "flower", "kombu", "matplotlib", "numpy", "redis", "requests", "tornado"}


@pytest.mark.parametrize("line", [["jobs"], ["status"], ["nodes"], ["batch", "list"]], ids=" ".join)
def test_a_look_at_the_database_loads_no_celery_and_no_alembic(tables: None, line: list[str]) -> None:
    with transaction() as session:
        leases.note_heartbeats_read(session, 1, 1)
    # heads were at work within the last hours; otherwise `status` asks the broker why not
    loaded = loaded_by(*line, CROBOT_HEARTBEAT_S="3600")
    assert "sqlalchemy" in loaded
    assert loaded & SLOW == set()


def test_a_look_at_one_job_loads_its_pipeline_and_no_other(tables: None) -> None:
    number = document("send", "probe")["job"]
    for command in ("show", "log", "explain"):
        assert loaded_by(command, number) & SLOW == set()
    document("cancel", number)
