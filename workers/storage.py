"""The storage that nodes share: where an attempt's files lie, and which files a job may read."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

from crobot_errors import BadPath, LateFile, NodeBroken

#: the file at the root of the storage by which all know that they work with the same
MARK = ".crobot-storage"


def job_dir(storage: Path, job_id: int) -> Path:
    """Where all files of a job lie; no other job ever writes there."""
    return storage / "outputs" / str(job_id // 1000) / str(job_id)


#: what a file system answers that takes no more
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def output_dir(storage: Path, job_id: int, attempt: int) -> Path:
    """Where one attempt keeps its files; no other attempt ever writes there."""
    return job_dir(storage, job_id) / str(attempt)


def log_path(storage: Path, job_id: int, attempt: int) -> Path:
    """The log of one attempt, which people follow while it runs."""
    return output_dir(storage, job_id, attempt) / "log.txt"


def scheme_dir(storage: Path, species: str, scheme: str, version: str) -> Path:
    """Where the head exports one version of a nomenclature scheme for the nodes."""
    return storage / "schemes" / species / scheme / version


def references_dir(storage: Path, species: str) -> Path:
    """Where the reference genomes of a species' check lie."""
    return storage / "references" / species


def assembly_dir(storage: Path, species: str, barcode: str) -> Path:
    """Where an assembly lies that was brought in without reads."""
    return storage / "assemblies" / species / barcode


def analysis_dir(storage: Path, analysis_id: int) -> Path:
    """Where the head puts what one analysis works on: a query, a table of profiles."""
    return storage / "analyses" / str(analysis_id // 1000) / str(analysis_id)


def upload_dir(storage: Path, upload_id: int) -> Path:
    """Where the files of one upload of a user lie, also when they have become the reads of a strain."""
    return storage / "uploads" / str(upload_id // 1000) / str(upload_id)


def read_mark(storage: Path) -> str | None:
    """Return the mark of a storage; None if it has none, as the empty folder of a mount that is away."""
    try:
        return (storage / MARK).read_text(errors="replace").strip()
    except FileNotFoundError:
        return None


def make_dir(path: Path, storage: Path, mark: str = "") -> Path:
    """Make a directory on the storage, but never the storage itself: it may just not be mounted.

    Raises:
        NodeBroken: the storage is not there, or is not the one with this ``mark``.
    """
    if not storage.is_dir():
        raise NodeBroken(f"the storage {storage} is not there: is it mounted on this node?")
    if mark and (found := read_mark(storage)) != mark:
        says = f"has no file {MARK}" if found is None else f"has another mark in {MARK}: {found:.40}"
        raise NodeBroken(
            f"the folder {storage} is not the storage that the heads work with: it {says}. "
            "Is the shared storage mounted on this node, and CROBOT_STORAGE its path?"
        )
    path.mkdir(parents=True, exist_ok=True)
    return path


def checked_file(text: str, roots: Sequence[Path]) -> Path:
    """A file that a job may read: regular, readable, not empty, and below a root after following links.

    Raises: BadPath naming the path and what to do.
    """
    path = below_roots(text, roots)
    if not path.is_file():
        raise BadPath(f"{text!r} is not a regular file")
    if not os.access(path, os.R_OK):
        raise BadPath(f"{text!r} cannot be read by the user who runs CRobot: check its mode and owner")
    if path.stat().st_size == 0:
        raise BadPath(f"{text!r} is empty")
    return path


def own_file(text: object, folder: Path) -> Path:
    """The true path of a file that somebody else names: regular, not empty, and in the folder after following links.

    Raises:
        OSError: it is not there, or cannot be seen here and now; LateFile if it has no content yet.
        BadPath: it is not the folder's, and no waiting will make it so.
    """
    if not isinstance(text, str) or not text.isprintable() or not text.startswith("/"):
        raise BadPath(f"{text!r:.200} is not an absolute path")
    path = Path(os.path.realpath(text))
    if not path.is_relative_to(os.path.realpath(folder)):
        raise BadPath(f"{text!r:.200} lies outside the job's own folder {folder}")
    found = os.stat(path)
    if not stat.S_ISREG(found.st_mode):
        raise BadPath(f"{text!r} is not a regular file")
    if found.st_size == 0:
        raise LateFile(f"{text!r} is empty")
    return path


def below_roots(text: str, roots: Collection[Path]) -> Path:
    """The true path of something that exists below one of the roots.

    Raises: BadPath naming the path and what to do.
    """
    path = place_below_roots(text, roots)
    if not path.exists():
        raise BadPath(f"{text!r} does not exist")
    return path


def place_below_roots(text: str, roots: Collection[Path]) -> Path:
    """The same, of what need not be there (any more).

    Raises: BadPath naming the path and what to do.
    """
    if not isinstance(text, str) or not text.isprintable() or not text.startswith("/"):
        raise BadPath(f"{text!r} is not an absolute path")
    path = Path(os.path.realpath(text))
    # A true path can only begin with a root that has no link in it, so most need not be followed.
    if any(path.is_relative_to(root) for root in roots):
        return path
    true_roots = [os.path.realpath(root) for root in roots]
    if not any(path.is_relative_to(root) for root in true_roots):
        allowed = ", ".join(true_roots) or "none is configured"
        raise BadPath(f"{text!r} lies outside the directories that jobs may read ({allowed})")
    return path


def free_bytes(path: Path) -> int:
    """Space that is left for us where ``path`` lies; 0 if there are no inodes left."""
    system = os.statvfs(path)
    # file systems without inodes of their own say 0 of 0
    return 0 if system.f_files and not system.f_favail else system.f_bavail * system.f_frsize


def takes(path: Path, size: int) -> bool:
    """Whether a file of so many bytes still fits into a directory: asked by trying, for quotas show nowhere else."""
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        return error.errno not in FULL
    return True
