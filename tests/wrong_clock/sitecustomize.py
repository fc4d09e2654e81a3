"""First on a process's PYTHONPATH: its clock is off by the seconds in the file CROBOT_TEST_CLOCK, and may be set anew.

Only what Python reads as the time of day is off, as after somebody set the clock: how time passes (``time.monotonic``)
is not, nor are the times that the kernel gives to files. libfaketime would do it below Python, but its version in
Debian 12 breaks ``time.sleep`` and waiting with a timeout.
"""

import datetime
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


# `datetime` asks the kernel itself. What libraries written in C make are still its own instances, so those count too.
class _Instances(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, _datetime)


_datetime = datetime.datetime


class _Wrong(_datetime, metaclass=_Instances):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(now(), tz)

    @classmethod
    def utcnow(cls) -> datetime.datetime:
        return cls.now(datetime.UTC).replace(tzinfo=None)


_Wrong.__name__ = _Wrong.__qualname__ = "datetime"
_Wrong.__module__ = "datetime"
datetime.datetime = _Wrong  # type: ignore[misc]
