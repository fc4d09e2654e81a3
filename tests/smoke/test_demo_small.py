"""The demo on the small genome, as a newcomer starts it: everything comes out right, and nothing is left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import requests

from tests.processes import PATIENCE_S, wait_for

PROJECT = Path(__file__).resolve().parents[2]


#: where the overview is, and who may look
OVERVIEW = re.compile(r"Overview  (http://127\.0\.0\.1:\d+), user (\S+), password (\S+)")


def test_the_small_demo_finds_st_13_leaves_its_pages_open_and_then_nothing_running(tmp_path: Path) -> None:
    said = tmp_path / "said"
    elsewhere = {"CROBOT_DATABASE_URL": "postgresql+psycopg2://elsewhere/the_demo_does_not_look_at_it"}
    with said.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "demo", "--small", "--keep"],
            cwd=PROJECT, env=os.environ | elsewhere, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for("the end", lambda: "Ctrl-C ends it" in said.read_text() or demo.poll() is not None)
        assert demo.poll() is None, said.read_text()[-3000:]
        address, user, password = OVERVIEW.findall(said.read_text())[-1]
        assert requests.get(address, timeout=60).status_code == 401
        page = requests.get(address, auth=(user, password), timeout=60).text
        assert "<b>2 up</b>" in page
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(PATIENCE_S)
    text = said.read_text()
    assert demo.returncode == 0, text[-3000:]
    assert "MLST_Achtman: ST 13 (SAL_AA0013AA_ST)" in text
    assert "reads simulated from that genome" in text
    assert "6 complete" in text
    assert "everything is stopped" in text
    assert left_behind() == []


def left_behind() -> list[str]:
    """Processes that name the demo's folder, or work in it."""
    folder = str(PROJECT / "build" / "demo")
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline", "environ"])
        if folder in " ".join(process.info["cmdline"] or [])
        or (process.info["environ"] or {}).get("CROBOT_DATA_DIR") == folder
    ]
