"""What is said when a Python package that a command needs is missing, or cannot be imported."""

from __future__ import annotations

import re
import shlex
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, requires

from crobot_errors import BrokenInstallation, CRobotError


@contextmanager
def needed_by(command: str) -> Iterator[None]:
    """Import inside what a command needs.

    Raises:
        BrokenInstallation: it cannot be imported; the message says why, and what to install.
    """
    try:
        yield
    except CRobotError:
        raise
    # a package of another version than it should be may fail in any way while it is imported
    except Exception as error:
        raise broken(command, error) from error


def broken(command: str, error: Exception) -> BrokenInstallation:
    """Return the error that says what is the matter with a package, and the way out."""
    package = (getattr(error, "name", None) or "").partition(".")[0]
    requirement = _requirement(package)
    if isinstance(error, ModuleNotFoundError) and error.name == package and requirement:
        return BrokenInstallation(
            f"`{command}` needs the Python package {package!r}, which is not installed: `{_pip(requirement)}`"
        )
    way_out = (
        f"install {package!r} again: `{_pip('--force-reinstall', requirement)}`"
        if requirement
        else f"install what CRobot needs again: `{_pip('-r', 'requirements.txt')}` in its folder"
    )
    return BrokenInstallation(
        f"`{command}` cannot be loaded: {type(error).__name__}: {error} ({_place(error)}); {way_out}"
    )


def _requirement(package: str) -> str | None:
    """Return what pip installs as this package, if CRobot asks for it: ``psycopg2`` is ``psycopg2-binary>=2.9.9``."""
    wanted = package.lower().replace("_", "-")
    for line in _requirements():
        requirement = line.partition(";")[0].strip()
        name = re.split(r"[^\w.-]", requirement)[0].lower()
        if name in (wanted, f"{wanted}-binary"):
            return requirement
    return None


def _requirements() -> list[str]:
    try:
        return requires("crobot") or []
    except PackageNotFoundError:  # run from its folder, and not installed
        return []


def _pip(*arguments: str) -> str:
    return shlex.join([sys.executable, "-m", "pip", "install", *arguments])


def _place(error: Exception) -> str:
    """Return the line of code that failed, not those of Python's own import."""
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not one.filename.startswith("<")]
    return f"{frames[-1].filename}, line {frames[-1].lineno}"
