"""The right storage; files that a node names: below the job's own folder, no link out of it, regular, and there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from crobot_errors import BadPath, LateFile, NodeBroken
from workers import storage
from workers.storage import own_file


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder with a file, beside that of another job."""
    for job in ("17", "18"):
        (tmp_path / job / "1").mkdir(parents=True)
        (tmp_path / job / "1" / "file").write_text("content")
    return tmp_path / "17"


def test_a_file_of_the_job_is_taken_also_by_a_link_within_its_folder(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "1" / "file")
    for text in (folder / "1" / "file", folder / "link", folder / "1" / ".." / "1" / "file"):
        assert own_file(str(text), folder) == folder / "1" / "file"


def test_the_folder_may_itself_be_reached_by_a_link(folder: Path) -> None:
    mount = folder.parent.with_name("mount")
    mount.symlink_to(folder.parent)
    assert own_file(str(mount / "17" / "1" / "file"), mount / "17") == folder / "1" / "file"


def _outward(folder: Path) -> Path:
    (folder / "out").symlink_to(folder.parent / "18" / "1" / "file")
    return folder / "out"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize(
    "named",
    [
        lambda folder: folder.parent / "18" / "1" / "file",
        lambda folder: folder / ".." / "18" / "1" / "file",
        lambda folder: folder.with_name("170"),
        lambda folder: "/etc/passwd",
        lambda folder: "1/file",
        lambda folder: f"{folder}/1/file\0",
        lambda folder: f"{folder}/1/\ud800",
        lambda folder: "",
        lambda folder: folder,
        lambda folder: folder / "1",
        _outward,
        _pipe,
    ],
)
def test_what_is_no_file_of_the_job_is_refused_at_once(folder: Path, named: Callable[[Path], object]) -> None:
    with pytest.raises(BadPath):
        own_file(str(named(folder)), folder)


@pytest.mark.parametrize("odd", [None, 7, ["/a"], {"path": "/a"}, b"/a"])
def test_what_is_no_path_is_refused(folder: Path, odd: object) -> None:
    with pytest.raises(BadPath, match="is not an absolute path"):
        own_file(odd, folder)


def test_what_is_not_there_yet_is_no_fault_of_the_job(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        own_file(str(folder / "2" / "later"), folder)
    (folder / "empty").touch()
    with pytest.raises(LateFile, match="is empty"):
        own_file(str(folder / "empty"), folder)


def test_a_folder_is_made_only_on_the_storage_that_the_heads_work_with(tmp_path: Path) -> None:
    folder = tmp_path / "outputs" / "0" / "17"
    with pytest.raises(NodeBroken, match=r"it has no file \.crobot-storage\. Is the shared storage mounted"):
        storage.make_dir(folder, tmp_path, "4711")
    (tmp_path / storage.MARK).write_text("another\n")
    with pytest.raises(NodeBroken, match="has another mark in .crobot-storage: another"):
        storage.make_dir(folder, tmp_path, "4711")
    assert not folder.parent.exists()
    (tmp_path / storage.MARK).write_text("4711\n")
    assert storage.make_dir(folder, tmp_path, "4711").is_dir()


@pytest.mark.parametrize("is_link", [False, True], ids=["a folder", "a link to a folder"])
def test_jobs_read_below_a_root_and_nowhere_else(tmp_path: Path, is_link: bool) -> None:
    true_root, beside = tmp_path / "data", tmp_path / "data2"
    for folder in (true_root, beside):
        folder.mkdir()
        (folder / "file").write_text("x")
    root = tmp_path / "link" if is_link else true_root
    if is_link:
        root.symlink_to(true_root)
    for way in (root, true_root):
        assert storage.checked_file(str(way / "file"), [beside / "other", root]) == true_root / "file"
    (root / "out").symlink_to(beside / "file")
    (root / "round").symlink_to("round")
    for outside in (beside / "file", root / "out", root / ".." / "data2" / "file"):
        with pytest.raises(BadPath, match=f"outside the directories that jobs may read .{true_root}."):
            storage.checked_file(str(outside), [root])
    with pytest.raises(BadPath, match="does not exist"):
        storage.checked_file(str(root / "round"), [root])
