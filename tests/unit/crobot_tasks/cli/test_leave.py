"""What still happens when the command's process ends, and what does not."""

from __future__ import annotations

import subprocess
import sys

from tests.processes import PATIENCE_S

PROGRAM = """
import atexit, threading, time
from crobot_tasks.cli.leave import leave

class Piece:
    def __del__(self):
        print("taken to pieces")

def late():
    time.sleep(0.3)
    print("the thread ended", end=", ")

piece = Piece()
atexit.register(print, "what was registered is called")
threading.Thread(target=late).start()
print("said", end=", ")
leave(3)
"""


def test_threads_end_what_is_registered_is_called_and_what_was_said_is_written() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 3
    assert done.stdout == "said, the thread ended, what was registered is called\n"
    assert done.stderr == ""
