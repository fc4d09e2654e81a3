"""Python tools that cannot live beside CRobot's own packages: each has a virtual environment of its own.

It lies beside the one that CRobot is installed in, under its name and the environment's: ``.venv`` and
``.venv-serotyping``. ``python -m workers.environments`` makes what is missing; nodes find it without a PATH.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

#: pinned requirements, one file an environment
REQUIREMENTS = Path(__file__).parent / "requirements"
#: holds the digest of the requirements that were installed, once all of them were
DONE = ".installed"


def names() -> list[str]:
    """The environments that there are."""
    return sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))


def directory(name: str) -> Path:
    """Where an environment lies on this machine, made or not."""
    own = Path(sys.prefix)
    return own.with_name(f"{own.name}-{name}")


def command(name: str, program: str) -> Path | None:
    """A program of an environment, if that is there."""
    path = directory(name) / "bin" / program
    return path if path.is_file() else None


def packages(name: str) -> Path | None:
    """Where the environment's packages lie, if it is there."""
    return next(directory(name).glob("lib/python3*/site-packages"), None)


def install(name: str) -> bool:
    """Make an environment unless it is there with the same requirements; return whether anything was done.

    Raises: subprocess.CalledProcessError if pip fails; it has said why.
    """
    requirements, target = REQUIREMENTS / f"{name}.txt", directory(name)
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()
    done = target / DONE
    if done.is_file() and done.read_text(encoding="ascii") == digest:
        return False
    shutil.rmtree(target, ignore_errors=True)
    venv.create(target, with_pip=True)
    pip: list[str | Path] = [
        target / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    subprocess.run([*pip, "--no-deps", "--requirement", requirements], check=True)
    done.write_text(digest, encoding="ascii")
    return True


def main() -> None:
    """Make all environments that are missing."""
    for name in names():
        print(f"{directory(name)}: {'made' if install(name) else 'is there'}")


if __name__ == "__main__":
    main()
