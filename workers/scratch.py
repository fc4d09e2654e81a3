"""An attempt's own directory on the node's disk: made when first used, removed at the end."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from pathlib import Path

from crobot_errors import DiskFull, NodeBroken
from workers import storage


def scratch_dir(state_dir: Path, job_id: int, attempt: int) -> Path:
    """Where one attempt works."""
    return state_dir / "scratch" / f"{job_id}.{attempt}"


def make(path: Path, needed_bytes: int, make_room: Callable[[Path], bool]) -> Path:
    """Make a fresh scratch directory with room for what the attempt asked for; ``make_room`` frees some of its disk.

    Raises: DiskFull before anything is begun that could not end; NodeBroken if it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except PermissionError as error:
        raise NodeBroken(f"the scratch directory {path} cannot be made: {error.strerror}") from error
    while (free := storage.free_bytes(path)) < needed_bytes and make_room(path):
        pass
    if free < needed_bytes:
        raise DiskFull(f"{path} has {free / 1e9:.2f} GB left, the attempt needs {needed_bytes / 1e9:.2f} GB")
    return path


def remove(path: Path) -> None:
    """Remove a scratch directory and all in it."""
    shutil.rmtree(path, ignore_errors=True)


def remove_leftovers(state_dir: Path) -> None:
    """Remove what a former life of this node left; for a node's start only."""
    remove(state_dir / "scratch")


def remove_all_but(state_dir: Path, at_work: Callable[[], Collection[str]]) -> None:
    """Remove the scratch directories of attempts that are no longer at work, however they ended.

    Who is at work is asked after the directories are listed: one that begins meanwhile has none among them.
    """
    folder = state_dir / "scratch"
    found = list(folder.iterdir()) if folder.is_dir() else []
    live = at_work()
    for path in found:
        if path.name not in live:
            remove(path)
