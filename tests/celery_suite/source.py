"""The part of Celery's source package that has its tests of canvas, as pip fetches it for the installed version."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import celery

#: what is made while it is used, and removed by `make clean`
CACHE = Path(__file__).parents[2] / ".pytest_cache" / "celery-suite"
#: the tests, and what they import
MEMBERS = (
    "pyproject.toml",
    "t/__init__.py",
    "t/canvas_helpers.py",
    "t/skip.py",
    "t/integration/__init__.py",
    "t/integration/conftest.py",
    "t/integration/tasks.py",
    "t/integration/test_canvas.py",
    "t/integration/test_group_chains.py",
)
#: Celery's fixtures start a worker of Celery's; ours stand in their place
CONFTEST = (
    '"""Written by tests.celery_suite.source."""\n\nfrom tests.celery_suite.fixtures import *  # noqa: F403\n'
)


def suite() -> Path:
    """Return a folder with the tests that match the installed Celery; fetch them if it is not there yet."""
    folder = CACHE / celery.__version__
    if not (folder / "t").exists():
        fetched = CACHE / "fetched"
        shutil.rmtree(fetched, ignore_errors=True)
        _unpack(_fetch(fetched), fetched)
        shutil.rmtree(folder, ignore_errors=True)
        fetched.rename(folder)
    (folder / "t/integration/conftest.py").write_text(CONFTEST)
    return folder


def _fetch(folder: Path) -> Path:
    """Let pip fetch the source package, from where it fetches all others."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(folder), f"celery=={celery.__version__}"]
    subprocess.run(command, check=True)
    return next(folder.glob("*.tar.gz"))


def _unpack(package: Path, folder: Path) -> None:
    with tarfile.open(package) as archive:
        for name in MEMBERS:
            content = archive.extractfile(f"{package.name.removesuffix('.tar.gz')}/{name}")
            assert content is not None
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
    (folder / "t/integration/conftest.py").rename(folder / "t/integration/celery_conftest.py")
    package.unlink()
