"""Finding the external programs of a node and their versions; asked once per process and file."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crobot_errors import NodeBroken
from workers import environments, process


@dataclass(frozen=True)
class Tool:
    """An external program, and the oldest version that gives the results we describe."""

    name: str
    command: str
    version_args: tuple[str, ...]
    minimum: str
    #: the Debian package, for the message that says what to install
    package: str
    #: the environment of its own that it lives in, if it is a Python tool
    environment: str = ""


@dataclass(frozen=True)
class FoundTool:
    """A tool as it is on this machine."""

    path: Path
    version: str


def find(tool: Tool) -> FoundTool:
    """The tool on this machine.

    Raises: NodeBroken if it is missing, too old, or does not say its version.
    """
    own = environments.command(tool.environment, tool.command) if tool.environment else None
    path = str(own) if own else shutil.which(tool.command)
    if path is None:
        cure = "python -m workers.environments" if tool.environment else f"apt-get install {tool.package}"
        raise NodeBroken(f"{tool.name} not found ({tool.command} is not on PATH; {cure})")
    version = _version(path, Path(path).stat().st_mtime_ns, tool.version_args)
    if not version:
        raise NodeBroken(f"{tool.name} does not say its version ({path} {' '.join(tool.version_args)})")
    if _numbers(version) < _numbers(tool.minimum):
        raise NodeBroken(
            f"{tool.name} {version} is older than {tool.minimum} ({path}; apt-get install {tool.package})"
        )
    return FoundTool(Path(path), version)


@cache
def _version(path: str, changed_ns: int, version_args: tuple[str, ...]) -> str:
    """The version that a program prints; ``changed_ns`` makes an upgraded program be asked again."""
    try:
        printed = process.capture([path, *version_args])
    except OSError as error:
        raise NodeBroken(f"{path} cannot be started: {error}") from error
    found = re.search(r"\d+(?:\.\d+)+", printed)
    return found.group() if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
