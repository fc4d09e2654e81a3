"""Imported by a node, it makes the node's processes write which modules they have loaded."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from celery import signals

#: the folder for parent and pool: a module's name on each line
FOLDER = "CROBOT_TEST_LOADED_MODULES"


@signals.worker_ready.connect(weak=False)
def _parent(**_: Any) -> None:
    _write("parent")


@signals.task_postrun.connect(weak=False)
def _pool_process(**_: Any) -> None:
    _write("pool")


def _write(process: str) -> None:
    path = Path(os.environ[FOLDER], process)
    half = path.with_suffix(".tmp")
    half.write_text("\n".join(sorted(sys.modules)))
    half.rename(path)
