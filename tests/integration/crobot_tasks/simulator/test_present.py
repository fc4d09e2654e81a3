"""The simulator against a real database: its nodes, what waits there, and what ran."""

from __future__ import annotations

import json
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from crobot_tasks import cli
from tests.processes import Cluster

FILE = """
[[stream]]
pipeline = "probe"
jobs = 20
duration = { history = "probe" }
"""


def document(*arguments: object, code: int = 0) -> Any:
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()):
        assert cli.run([*map(str, arguments), "--json"]) == code, out.getvalue()
    return json.loads(out.getvalue())


def test_the_database_says_what_ran_what_waits_and_where(cluster: Cluster, tmp_path: Path) -> None:
    document("send", "probe", "--sleep", "0.3", "--follow")
    past = document("simulate", "--since", "1h")["runs"][0]
    assert past["jobs"] >= 1
    assert past["not_begun"] == 0

    file = tmp_path / "own.toml"
    file.write_text(FILE)
    described = document("simulate", file)
    assert described["nodes"] == 2
    assert described["runs"][0]["jobs"] == 20

    for name in ("calc01", "calc02"):
        document("drain", name, "--reason", "test")
    sent = document("send", "probe")["job"]
    away = document("simulate", code=1)["error"]
    assert "no node in the database gets jobs" in away["message"]
    for name in ("calc01", "calc02"):
        document("resume", name)
    document("wait", sent)
