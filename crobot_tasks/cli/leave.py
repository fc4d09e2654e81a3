"""The end of the command's process, which leaves its memory to the kernel."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """Exit as Python does: wait for threads, call what is registered for the exit, and write out what was said.

    Only what comes after that is left out. Python takes each module and class to pieces, which nobody sees the effect
    of; with SQLAlchemy and Celery loaded it is a quarter of the processor's time of a short command.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody reads, or it is closed
            stream.flush()
    os._exit(code)
