"""What the end of a tool means: exit codes, signals and the kernel's facts become kinds of outcome."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from crobot_errors import AttemptError, DiskFull, NodeBroken, NodeError, OutOfMemory, TimeLimit, ToolFailed
from workers import storage
from workers.exit_reasons import FULL_BELOW_BYTES, error_of, signal_of
from workers.job import Resources
from workers.oom_kills import OomKills
from workers.process import EndedBy, ToolRun

RESOURCES = Resources(1, 10**9, 0, 60)
NOBODY = OomKills(machine=0, group=0)
OURS = OomKills(machine=1, group=1)
ELSEWHERE = OomKills(machine=1, group=0)
SOMEWHERE = OomKills(machine=1)
UNKNOWN = OomKills()


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
        ({"exit_code": 139}, "", ToolFailed),
        ({"exit_code": 255}, "", ToolFailed),
        ({"exit_code": -15}, "", NodeError),
        ({"exit_code": 143}, "", NodeError),
        ({"exit_code": -4}, "", NodeBroken),
        ({"exit_code": -25}, "", NodeBroken),
        ({"exit_code": 12}, "terminate: std::bad_alloc", OutOfMemory),
        ({"exit_code": 1}, "system call finished abnormally, OS return value: -9", ToolFailed),
        ({"exit_code": 126}, "Exec format error", NodeBroken),
        ({"exit_code": 127}, "env: 'python3': No such file or directory", NodeBroken),
        ({"exit_code": 255}, "== Error ==  path contains non-ASCII characters: /scr\u00e4tch", NodeBroken),
        ({"exit_code": 1}, "cannot write x: Read-only file system", NodeBroken),
        ({"exit_code": 1}, "read failed: Stale file handle", NodeBroken),
        ({"exit_code": 1}, "Input/output error", NodeBroken),
        ({"ended_by": EndedBy.MEMORY}, "", OutOfMemory),
        ({"ended_by": EndedBy.TIME}, "", TimeLimit),
        ({"ended_by": EndedBy.LOST}, "", NodeError),
    ],
)
def test_each_end_has_its_kind(
    tmp_path: Path, run: dict[str, object], words: str, kind: type[AttemptError]
) -> None:
    assert type(ending(tmp_path, words, **run)) is kind


@pytest.mark.parametrize("exit_code", [-9, 137, 247], ids=["itself", "below a shell", "below Python"])
@pytest.mark.parametrize(
    ("kills", "peak", "kind"),
    [
        (OURS, 0, OutOfMemory),
        (SOMEWHERE, 0, OutOfMemory),
        (ELSEWHERE, 10**9, NodeError),
        (NOBODY, 10**9, NodeError),
        (UNKNOWN, 900_000_000, OutOfMemory),
        (UNKNOWN, 100_000_000, NodeError),
    ],
)
def test_a_killed_tool_was_short_of_memory_only_if_the_kernel_says_so(
    tmp_path: Path, exit_code: int, kills: OomKills, peak: int, kind: type[AttemptError]
) -> None:
    error = ending(tmp_path, exit_code=exit_code, oom_kills=kills, peak_memory_bytes=peak)
    assert type(error) is kind


@pytest.mark.parametrize(("kills", "kind"), [(OURS, OutOfMemory), (SOMEWHERE, ToolFailed)])
def test_a_failure_while_the_kernel_killed_in_our_own_group_may_hide_a_killed_child(
    tmp_path: Path, kills: OomKills, kind: type[AttemptError]
) -> None:
    assert type(ending(tmp_path, "bad reads", exit_code=1, oom_kills=kills)) is kind


def test_a_guard_that_the_kernel_killed_was_short_of_memory(tmp_path: Path) -> None:
    assert type(ending(tmp_path, ended_by=EndedBy.LOST, oom_kills=OURS)) is OutOfMemory


@pytest.mark.parametrize(
    ("exit_code", "number"),
    [
        (-9, signal.SIGKILL),
        (137, signal.SIGKILL),
        (247, signal.SIGKILL),
        (139, signal.SIGSEGV),
        (245, signal.SIGSEGV),
        (0, None),
        (1, None),
        (128, None),
        (255, None),
        (None, None),
    ],
)
def test_shells_and_python_tell_a_signal_by_an_exit_code(
    exit_code: int | None, number: signal.Signals | None
) -> None:
    assert signal_of(exit_code) is number


def test_a_disk_that_was_full_meanwhile_counts_though_the_files_are_gone(tmp_path: Path) -> None:
    assert type(ending(tmp_path, exit_code=1, lowest_free_bytes=0)) is DiskFull
    assert type(ending(tmp_path, exit_code=1, lowest_free_bytes=FULL_BELOW_BYTES)) is ToolFailed


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
