"""What the end of a tool means: exit codes and last words become kinds of outcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from crobot_errors import AttemptError, DiskFull, NodeBroken, NodeError, OutOfMemory, TimeLimit, ToolFailed
from workers import storage
from workers.endings import error_of
from workers.job import Resources
from workers.process import EndedBy, ToolRun

RESOURCES = Resources(1, 10**9, 0, 60)


def ending(
    path: Path, words: str = "", resources: Resources = RESOURCES, **run: object
) -> AttemptError | None:
    return error_of(ToolRun("tool", ("tool",), **run), words, resources, [path])  # type: ignore[arg-type]


def test_exit_code_0_is_no_error(tmp_path: Path) -> None:
    assert ending(tmp_path, exit_code=0) is None


@pytest.mark.parametrize(
    ("run", "words", "kind"),
    [
        ({"exit_code": 1}, "reads are bad", ToolFailed),
        ({"exit_code": -11}, "", ToolFailed),
        ({"exit_code": -9}, "", OutOfMemory),
        ({"exit_code": 12}, "terminate: std::bad_alloc", OutOfMemory),
        ({"exit_code": 1}, "system call finished abnormally, OS return value: -9", OutOfMemory),
        ({"exit_code": 126}, "Exec format error", NodeBroken),
        ({"exit_code": 127}, "env: 'python3': No such file or directory", NodeBroken),
        ({"ended_by": EndedBy.MEMORY}, "", OutOfMemory),
        ({"ended_by": EndedBy.TIME}, "", TimeLimit),
        ({"ended_by": EndedBy.LOST}, "", NodeError),
    ],
)
def test_each_end_has_its_kind(
    tmp_path: Path, run: dict[str, object], words: str, kind: type[AttemptError]
) -> None:
    assert type(ending(tmp_path, words, **run)) is kind


def test_words_of_a_full_disk_alone_do_not_make_it_full(tmp_path: Path) -> None:
    assert type(ending(tmp_path, "No space left on device", exit_code=1)) is ToolFailed


def test_words_of_a_full_disk_count_if_the_room_asked_for_is_not_there(tmp_path: Path) -> None:
    more = Resources(1, 10**9, storage.free_bytes(tmp_path) * 2, 60)
    assert type(ending(tmp_path, "No space left on device", more, exit_code=1)) is DiskFull


def test_the_message_prefers_lines_that_speak_of_an_error(tmp_path: Path) -> None:
    error = ending(tmp_path, "begin\nERROR: no reads\nThank you for using this tool!\n", exit_code=1)
    assert str(error) == "tool ended with exit code 1: ERROR: no reads"


def test_the_message_has_the_tools_last_words(tmp_path: Path) -> None:
    error = ending(tmp_path, "one\ntwo\n\nthree\nfour\n", exit_code=3)
    assert str(error) == "tool ended with exit code 3: two | three | four"
