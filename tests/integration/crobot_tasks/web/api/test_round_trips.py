"""What a send asks of the database: few statements, which PostgreSQL does not plan anew each time."""

from __future__ import annotations

import re

import pytest

from crobot_tasks.operate import just_sent
from db import prepared
from db.engine import engine
from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import query
from tests.statements import statements

SENDS = 20


def executed() -> dict[str, tuple[int, int]]:
    """What each prepared statement is about → how often it was executed with the one plan, and with another."""
    rows = query("SELECT name, generic_plans, custom_plans FROM pg_prepared_statements")
    return {re.sub("crobot_[0-9]+_", "", row.name): (row.generic_plans, row.custom_plans) for row in rows}


def test_a_send_executes_four_statements_that_are_planned_already(
    tables: None, app_of_7: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "KEPT_S", 3600.0)
    monkeypatch.setattr(just_sent, "FRESH_S", 3600.0)
    sent = [app_of_7.probe(countdown_s=9999)]  # it looks at the nodes, if no other test has
    engine().dispose()  # the connection that is made now has prepared nothing
    with statements() as others:
        sent += [app_of_7.probe(countdown_s=9999) for _ in range(SENDS)]
    assert others == []
    assert executed() == dict.fromkeys(
        ("from_api_tokens", "insert_settlements", "from_attempts", "insert_changes"), (SENDS, 0)
    )
    for number in sent:
        app_of_7.post(f"{ROOT}/jobs/{number}/cancel", {}, 200)
