"""An environment of its own for each peer, made by pip once and kept; nothing of ours is in it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


class PeerFailed(Exception):
    """A peer cannot be installed or does not work here; the others can still be measured."""


def python_of(requirements: Sequence[str], folder: Path) -> Path:
    """Return the interpreter of an environment below the folder that has just these; the first call makes it.

    Raises:
        PeerFailed: pip does not get or install them.
    """
    place = folder / environment_name(requirements)
    done = place / "complete"
    if not done.exists():
        shutil.rmtree(place, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(place))
        _run(str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements)
        done.touch()
    return place / "bin" / "python"


def environment_name(requirements: Sequence[str]) -> str:
    """Return a folder's name that is another for each list of requirements and each Python."""
    text = "\n".join([sys.version, *requirements])
    return f"{requirements[0].split('=')[0]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _run(*line: str) -> None:
    ended = subprocess.run(line, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise PeerFailed(last_line(ended.stderr) or f"{line[0]} ended with {ended.returncode}")


def last_line(text: str) -> str:
    """Return the last line that says something: of a traceback, the error."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")
