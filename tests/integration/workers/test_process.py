"""Tools under guard: nothing of them outlives the worker, whatever ends it, and no limit is passed for long."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crobot_errors import (
    AttemptError,
    DiskFull,
    NodeBroken,
    NodeError,
    OutcomeKind,
    OutOfMemory,
    TimeLimit,
    ToolFailed,
)
from tests.processes import PATIENCE_S, wait_for
from workers import process, tools
from workers.attempt import Attempt
from workers.job import JobInput, Resources
from workers.tools import Tool

BASH = Tool("bash", "bash", ("--version",), "4.0", "bash")
PYTHON = Tool("python", sys.executable, ("--version",), "3.11", "python3")
#: a tree whose members leave their session, their group and their parent
TREE = "setsid sleep 600 & (setsid bash -c 'setsid sleep 600 & sleep 600; true' &) ; sleep 600 & wait"
TREE_SIZE = 6
PROJECT = Path(__file__).parents[3]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Attempt]]:
    """Attempts with chosen limits; whatever a failing test leaves running is ended."""
    (tmp_path / "storage").mkdir()

    def attempt(memory_bytes: int = 10**9, time_s: int = 60) -> Attempt:
        resources = Resources(1, memory_bytes, 0, time_s)
        return Attempt(7, 1, JobInput(), resources, tmp_path / "storage", [], tmp_path / "state")

    yield attempt
    process.sweep(process.mark(tmp_path / "state"))


def marked(tmp_path: Path) -> list[int]:
    """Living processes of the test's attempts."""
    begin = f"{process.MARK}={process.mark(tmp_path / 'state')}".encode()
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            environ = Path(f"/proc/{entry}/environ").read_bytes()
        except OSError:
            continue
        if begin in environ:
            found.append(int(entry))
    return found


def guards(tmp_path: Path) -> list[int]:
    """The guards among them."""
    return [pid for pid in marked(tmp_path) if "guard.py" in Path(f"/proc/{pid}/cmdline").read_text()]


def run_bash(attempt: Attempt, script: str) -> process.ToolRun:
    with attempt.open():
        return attempt.run_tool(BASH, ["-c", script])


def test_a_tool_runs_in_scratch_with_a_clean_environment(
    make: Callable[..., Attempt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROBOT_BROKER_URL", "redis://:secret@host")
    attempt = make()
    with attempt.open():
        out = attempt.output_dir / "env"
        attempt.run_tool(BASH, ["-c", "pwd; env"], stdout=out)
        lines = out.read_text().splitlines()
        assert lines[0] == str(attempt.scratch_dir)
        assert f"HOME={attempt.scratch_dir}" in lines
        assert "OMP_NUM_THREADS=1" in lines
        assert not [line for line in lines if "secret" in line]


def test_the_log_has_the_command_its_words_and_what_it_used(make: Callable[..., Attempt]) -> None:
    attempt = make()
    run_bash(attempt, "echo 'to out'; echo 'to err' >&2")
    log = attempt.log_path.read_text()
    assert "$ /usr/bin/bash -c" in log or "$ /bin/bash -c" in log
    assert "to out\n" in log
    assert "to err\n" in log
    assert "bash ended (0)" in log


def test_cpu_time_and_memory_of_grandchildren_count(make: Callable[..., Attempt]) -> None:
    attempt = make()
    busy = "b = b'x' * 150_000_000; import time\nwhile time.process_time() < 0.4: pass"
    run_bash(attempt, f'{sys.executable} -c "{busy}"; true')
    assert attempt.usage.cpu_s >= 0.4
    assert attempt.usage.peak_memory_bytes > 150_000_000
    assert attempt.usage.as_dict()["tools"][0]["exit_code"] == 0


def test_a_failing_tool_says_its_exit_code_and_last_words(make: Callable[..., Attempt]) -> None:
    with pytest.raises(ToolFailed, match="exit code 3: the reads are bad"):
        run_bash(make(), "echo the reads are bad >&2; exit 3")


def test_a_missing_tool_is_the_nodes_fault(make: Callable[..., Attempt]) -> None:
    missing = Tool("sistr", "sistr-that-is-not-here", ("--version",), "1.0", "sistr")
    with make().open() as attempt, pytest.raises(NodeBroken, match="sistr not found"):
        attempt.run_tool(missing, [])


def test_a_tool_that_cannot_be_executed_is_the_nodes_fault(
    make: Callable[..., Attempt], tmp_path: Path
) -> None:
    script = tmp_path / "tool"
    script.write_text('#!/bin/sh\nif [ "$1" = --version ]; then echo 1.0; else exec /nowhere/python; fi\n')
    script.chmod(0o755)
    with make().open() as attempt, pytest.raises(NodeBroken, match="cannot be started on this node"):
        attempt.run_tool(Tool("tool", str(script), ("--version",), "1.0", "tool"), [])


def test_an_upgraded_tool_is_asked_for_its_version_again(tmp_path: Path) -> None:
    script = tmp_path / "tool"
    tool = Tool("tool", str(script), (), "2.0", "tool")
    for version, time_ns in (("2.5", 1), ("2.7", 2)):
        script.write_text(f"#!/bin/sh\necho tool v{version}-debian\n")
        script.chmod(0o755)
        os.utime(script, ns=(time_ns, time_ns))
        assert tools.find(tool).version == version


def test_what_a_tool_leaves_in_the_background_ends_with_it(
    make: Callable[..., Attempt], tmp_path: Path
) -> None:
    run_bash(make(), "setsid sleep 600 & sleep 600 & true")
    assert marked(tmp_path) == []


def test_a_tree_above_its_memory_is_ended(make: Callable[..., Attempt], tmp_path: Path) -> None:
    hungry = "b = b'x' * 120_000_000; import time; time.sleep(600)"
    script = f'{sys.executable} -c "{hungry}" & setsid {sys.executable} -c "{hungry}" & wait'
    attempt = make(memory_bytes=200_000_000)
    with pytest.raises(OutOfMemory, match=r"more than the 0.20 GB it was given"):
        run_bash(attempt, script)
    assert marked(tmp_path) == []
    assert attempt.usage.peak_memory_bytes > 200_000_000


def test_a_tree_beyond_its_deadline_is_ended(make: Callable[..., Attempt], tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(TimeLimit, match="used up its 1 s"):
        run_bash(make(time_s=1), TREE)
    assert marked(tmp_path) == []
    assert time.monotonic() - began < 300, "the tools would sleep for ten minutes"


@pytest.mark.parametrize("script", ["kill -9 $$", "bash -c 'kill -9 $$'; exit $?", "kill -TERM $$"])
def test_a_tool_that_somebody_kills_is_no_verdict_on_the_input_nor_short_of_memory(
    make: Callable[..., Attempt], script: str
) -> None:
    with pytest.raises(NodeError, match="from outside, and not for want of memory") as caught:
        run_bash(make(), script)
    assert caught.value.kind is OutcomeKind.NODE_LOST


def test_a_tool_below_python_that_somebody_kills_is_no_verdict_either(make: Callable[..., Attempt]) -> None:
    code = "import subprocess, sys; sys.exit(subprocess.run(['bash', '-c', 'kill -9 $$']).returncode)"
    with make().open() as attempt, pytest.raises(NodeError, match="SIGKILL .exit code 247. from outside"):
        attempt.run_tool(PYTHON, ["-c", code])


def test_an_exception_in_the_worker_ends_the_tree(make: Callable[..., Attempt], tmp_path: Path) -> None:
    class SoftLimit(Exception):
        pass

    def strike(*_: Any) -> None:
        raise SoftLimit

    before = signal.signal(signal.SIGALRM, strike)
    attempt = make()
    try:
        signal.setitimer(signal.ITIMER_REAL, 1.0)
        with pytest.raises(SoftLimit):
            run_bash(attempt, TREE)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert marked(tmp_path) == []
    assert attempt.usage.runs[0].ended_by is process.EndedBy.WORKER
    assert attempt.usage.wall_s < 300


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_guard_that_is_ended_leaves_nothing_and_is_no_verdict_on_the_input(
    make: Callable[..., Attempt], tmp_path: Path, number: signal.Signals
) -> None:
    def kill_guard() -> None:
        wait_for("the tree", lambda: len(marked(tmp_path)) >= TREE_SIZE)
        os.kill(guards(tmp_path)[0], number)

    killer = threading.Thread(target=kill_guard)
    killer.start()
    with pytest.raises(AttemptError, match="guard process was ended") as caught:
        run_bash(make(), TREE)
    killer.join()
    assert caught.value.kind is OutcomeKind.NODE_LOST
    wait_for("the end of the tree", lambda: not marked(tmp_path))


def worker_with_tree(tmp_path: Path) -> subprocess.Popen[str]:
    """A process of its own that runs a tool tree, as a Celery worker's child does."""
    (tmp_path / "storage").mkdir(exist_ok=True)
    code = f"""
        import signal, sys
        from pathlib import Path
        from workers.attempt import Attempt
        from workers.job import JobInput, Resources
        from workers.tools import Tool

        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        base = Path({str(tmp_path)!r})
        attempt = Attempt(7, 1, JobInput(), Resources(1, 10**9, 0, 60), base / "storage", [], base / "state")
        with attempt.open():
            attempt.run_tool(Tool("bash", "bash", ("--version",), "4.0", "bash"), ["-c", {TREE!r}])
    """
    worker = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], cwd=PROJECT, text=True)
    wait_for("the tree", lambda: len(marked(tmp_path)) >= TREE_SIZE)
    return worker


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_is_left_when_the_worker_is_ended(
    make: Callable[..., Attempt], tmp_path: Path, number: signal.Signals
) -> None:
    worker = worker_with_tree(tmp_path)
    worker.send_signal(number)
    worker.wait(PATIENCE_S)
    wait_for("the end of the tree", lambda: not marked(tmp_path))


def test_leftovers_of_a_dead_node_are_swept_at_its_start(
    make: Callable[..., Attempt], tmp_path: Path
) -> None:
    worker = worker_with_tree(tmp_path)
    # stopped, so that neither can clean up after the other; the tool itself dies with its guard
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (*guards(tmp_path), worker.pid):
            os.kill(pid, number)
    worker.wait(PATIENCE_S)
    swept = process.sweep(process.mark(tmp_path / "state"))
    assert swept
    wait_for("the end of the tree", lambda: not marked(tmp_path))


def test_a_sweep_for_one_attempt_spares_the_others(make: Callable[..., Attempt], tmp_path: Path) -> None:
    worker = worker_with_tree(tmp_path)
    assert process.sweep(process.mark(tmp_path / "state", 70, 1)) == []
    assert process.sweep(process.mark(tmp_path / "state", 7, 11)) == []
    assert len(marked(tmp_path)) >= TREE_SIZE
    # some end by themselves as soon as another is gone, before the sweep comes to them
    assert process.sweep(process.mark(tmp_path / "state", 7, 1))
    wait_for("nobody to be left", lambda: not marked(tmp_path))
    worker.wait(PATIENCE_S)


@contextmanager
def memory_group(limit_bytes: int) -> Iterator[Path]:
    """A control group with little memory; the file to which a process writes 0 to join it."""
    former = Path("/sys/fs/cgroup/memory")
    parent = former if former.is_dir() else Path("/sys/fs/cgroup")
    group = parent / f"crobot-test-{os.getpid()}"
    try:
        group.mkdir()
        limit = group / ("memory.limit_in_bytes" if former.is_dir() else "memory.max")
        limit.write_text(str(limit_bytes))
    except OSError as error:
        pytest.skip(f"control groups cannot be made here: {error}")
    try:
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


@pytest.mark.parametrize(
    ("tool", "script"),
    [
        ("python3", "x = b'x' * 300_000_000"),
        ("bash", "python3 -c \"x = b'x' * 300_000_000\"; exit $?"),
        ("bash", "python3 -c \"x = b'x' * 300_000_000\" || exit 1"),
    ],
    ids=["the tool", "its child", "a child whose end it hides"],
)
def test_a_tool_that_the_kernel_kills_was_short_of_memory(tmp_path: Path, tool: str, script: str) -> None:
    code = f"""
        import sys
        from pathlib import Path
        from crobot_errors import OutOfMemory
        from workers.attempt import Attempt
        from workers.job import JobInput, Resources
        from workers.tools import Tool

        Path(sys.argv[1]).write_text("0")
        base = Path({str(tmp_path)!r})
        attempt = Attempt(7, 1, JobInput(), Resources(1, 10**9, 0, 60), base, [], base / "state")
        try:
            with attempt.open():
                attempt.run_tool(Tool({tool!r}, {tool!r}, ("--version",), "3.0", {tool!r}), ["-c", {script!r}])
        except OutOfMemory as error:
            print(error)
    """
    with memory_group(150_000_000) as procs:
        printed = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code), str(procs)],
            cwd=PROJECT,
            capture_output=True,
            text=True,
        )
    assert "when the kernel killed for want of memory" in printed.stdout, printed.stderr


@pytest.mark.parametrize("afterwards", ["", "; sleep 1.5; rm file; exit 1"], ids=["still", "and then not"])
def test_a_full_disk_is_recognised_on_a_file_system_that_is_full(tmp_path: Path, afterwards: str) -> None:
    """On a small file system of its own, which needs no root outside a user namespace."""
    code = f"""
        import sys
        from pathlib import Path
        from crobot_errors import DiskFull
        from workers.attempt import Attempt
        from workers.job import JobInput, Resources
        from workers.tools import Tool

        base = Path({str(tmp_path)!r})
        attempt = Attempt(7, 1, JobInput(), Resources(1, 10**9, 0, 60), base, [], base / "small")
        try:
            with attempt.open():
                script = "dd if=/dev/zero of=file bs=1M{afterwards}"
                attempt.run_tool(Tool("bash", "bash", ("--version",), "4.0", "bash"), ["-c", script])
        except DiskFull as error:
            print(error)
    """
    (tmp_path / "small").mkdir()
    mount = f'mount -t tmpfs -o size=50m none "{tmp_path}/small" && exec "$@"'
    namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, "sh"]
    printed = subprocess.run(
        [*namespace, sys.executable, "-c", textwrap.dedent(code)], cwd=PROJECT, capture_output=True, text=True
    )
    assert "bash ended with exit code 1 when its scratch disk had only 0.00 GB left" in printed.stdout, (
        printed.stderr
    )
    assert DiskFull.kind is OutcomeKind.DISK_FULL
