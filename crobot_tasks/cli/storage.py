"""The shared storage, checked before a command relies on it."""

from __future__ import annotations

import time

from crobot_errors import BadInput, text_of
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.cli.output import say
from crobot_tasks.lifecycle.storage.access import StorageStalls, reading

#: after so long without an answer people are told
SILENT_S = 5.0
#: how often a storage that does not answer is asked again
ASKED_S = 1.0


def ready() -> None:
    """Make sure that the shared storage is there; the default one is made, one that is configured must be mounted.

    Raises:
        BadInput: it is not.
        StorageStalls: it does not answer.
    """
    if not reading(_is_there):
        raise BadInput(f"the storage {storage_root()} is not there: mount it, or correct CROBOT_STORAGE")


def await_ready() -> None:
    """Make sure of it as ``ready``; wait while it does not answer, and say so.

    Raises:
        BadInput: it answers, and is not there.
    """
    if refusal := _why_silent():
        say(f"{refusal}. Waiting until it does")
        while _why_silent():
            time.sleep(ASKED_S)
        say(f"the storage {storage_root()} answers")
    ready()


def _is_there() -> bool:
    return storage_root().is_dir()


def _why_silent() -> str:
    """Say why nobody can tell whether the storage is there; empty if somebody can."""
    try:
        reading(_is_there, SILENT_S)
    except StorageStalls as error:
        return str(error)
    except OSError as error:  # a network file system's own words: a stale handle, an error of the server
        return f"the storage {storage_root()} does not answer: {text_of(error)}"
    return ""
