"""The demo on the small genome, as a newcomer starts it: everything comes out right, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[2]


def test_the_small_demo_finds_st_13_and_leaves_nothing_running() -> None:
    demo = subprocess.run(
        [sys.executable, "-m", "demo", "--small"],
        cwd=PROJECT,
        env=os.environ
        | {"CROBOT_DATABASE_URL": "postgresql+psycopg2://elsewhere/the_demo_does_not_look_at_it"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr[-3000:]
    assert "MLST_Achtman: ST 13 (SAL_AA0013AA_ST)" in demo.stdout
    assert "reads simulated from that genome" in demo.stdout
    assert "6 complete" in demo.stdout
    assert "everything is stopped" in demo.stdout
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
