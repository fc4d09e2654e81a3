"""schemathesis asks the real server what its description allows and what it does not, and finds nothing.

A short run with every other test; `make api` takes minutes.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.crobot_tasks.web.api.conftest import ROOT, Client
from tests.processes import PATIENCE_S, Process

#: what it may not find fault with: a name that nobody has is 422, which no description can say before
EXCEPT = "positive_data_acceptance"


#: some requests of each kind; and as many as fit into four minutes, among them each limit of each field
FEW = ("--phases", "fuzzing", "--max-examples", "2")
MANY = ("--phases", "coverage,fuzzing", "--max-examples", "100", "--max-time", "240")


@pytest.mark.parametrize(
    "requests",
    [FEW, pytest.param(MANY, marks=[pytest.mark.full, pytest.mark.timeout(600)])],
    ids=["few", "many"],
)
def test_schemathesis_finds_nothing(
    server: tuple[Process, str], app_of_7: Client, tmp_path: Path, requests: tuple[str, ...]
) -> None:
    line = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{server[1]}{ROOT}/openapi.json", *requests,
        "--header", f"Authorization: Bearer {app_of_7.token}", "--workers", "2", "--exclude-checks", EXCEPT,
        "--continue-on-failure", "--warnings", "off", "--generation-database", "none",
        # it cannot make the bytes of an upload, which tests of their own send
        "--exclude-method", "PATCH",
    ]  # fmt: skip
    done = subprocess.run(
        line, cwd=tmp_path, capture_output=True, text=True, timeout=300 + PATIENCE_S, check=False
    )
    print(done.stdout[done.stdout.find("= SUMMARY") :])
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert re.search(r"\d+ generated", done.stdout)
