"""First on a process's PYTHONPATH: its clock is off by the seconds in the file CROBOT_TEST_CLOCK, and may be set anew.

Only what Python reads as the time of day is off, as after somebody set the clock: how time passes (``time.monotonic``)
is not, nor are the times that the kernel gives to files. libfaketime would do it below Python, but its version in
Debian 12 breaks ``time.sleep`` and waiting with a timeout.
"""

import os
import time
from pathlib import Path

_file = Path(os.environ["CROBOT_TEST_CLOCK"])
_time_ns = time.time_ns


def _off_ns() -> int:
    return int(float(_file.read_text()) * 1e9)


def time_ns() -> int:
    return _time_ns() + _off_ns()


def now() -> float:
    return time_ns() / 1e9


time.time_ns = time_ns
time.time = now
