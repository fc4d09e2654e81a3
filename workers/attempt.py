"""One try at a job on this node: its directories, its log, the tools that it runs and what they used."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from crobot_errors import NodeBroken, NodeError
from workers import exit_reasons, process, scratch, storage, tools
from workers.checksums import Checksums
from workers.job import JobInput, Resources
from workers.process import ToolRun
from workers.read_cache import ReadCache
from workers.tools import Tool

CACHE_BYTES = 50 * 10**9


@dataclass
class Usage:
    """What the tools of an attempt used so far."""

    runs: list[ToolRun] = field(default_factory=list)

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all tools together."""
        return sum(run.cpu_s for run in self.runs)

    @property
    def wall_s(self) -> float:
        """Seconds of all tools, one after the other."""
        return sum(run.wall_s for run in self.runs)

    @property
    def peak_memory_bytes(self) -> int:
        """Memory of the largest tool."""
        return max((run.peak_memory_bytes for run in self.runs), default=0)

    def as_dict(self) -> dict[str, Any]:
        """As it travels in the report."""
        listed = ("name", "wall_s", "cpu_s", "peak_memory_bytes", "exit_code")
        return {
            "cpu_s": round(self.cpu_s, 3),
            "wall_s": round(self.wall_s, 3),
            "peak_memory_bytes": self.peak_memory_bytes,
            "tools": [
                {name: value for name, value in asdict(run).items() if name in listed} for run in self.runs
            ],
        }


@dataclass
class Attempt:
    """One try at a job; directories and the log are made when they are first used."""

    job_id: int
    number: int
    job: JobInput
    resources: Resources
    #: shared between the nodes
    storage: Path
    #: directories below which lie all files that a job may read; the storage is always one
    roots: Sequence[Path]
    #: this node's own directory
    state_dir: Path
    #: templates of the archive's addresses, and of its reports on runs; empty if there are none
    archive_url: str = ""
    #: fetched reads are kept up to this size
    cache_bytes: int = CACHE_BYTES
    archive_report_url: str = ""
    #: hears how far the attempt is: all that was told so far, by name
    hear: Callable[[dict[str, Any]], None] = lambda _: None
    #: what the storage is known by to the heads; empty if they did not say
    storage_mark: str = ""
    usage: Usage = field(default_factory=Usage)
    #: versions of the tools that were used, by name
    versions: dict[str, str] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.roots = [*self.roots, self.storage]
        self.deadline = time.monotonic() + self.resources.time_s
        self._closing = ExitStack()
        #: of the files that it reads, by the names under which the job knows them
        self.checksums = Checksums(self.log)

    @contextmanager
    def open(self) -> Iterator[Attempt]:
        """Begin: the clock starts. End: the scratch directory goes, the output directory stays."""
        self.deadline = time.monotonic() + self.resources.time_s
        with self._closing:
            self._closing.callback(self.checksums.close)
            yield self

    @cached_property
    def output_dir(self) -> Path:
        """Where final files go; never shared with another attempt."""
        folder = storage.output_dir(self.storage, self.job_id, self.number)
        return storage.make_dir(folder, self.storage, self.storage_mark)

    @cached_property
    def scratch_dir(self) -> Path:
        """Where everything else goes; removed at the end."""
        path = scratch.scratch_dir(self.state_dir, self.job_id, self.number)
        self._closing.callback(scratch.remove, path)
        # the cache's folder is made only when there is no room: whoever cannot write here is told by what makes scratch
        return scratch.make(path, self.resources.disk_bytes, lambda where: self.cache.make_room(where))

    @property
    def cache(self) -> ReadCache:
        """Where this node keeps reads that it has fetched."""
        path = self.state_dir / "cache"
        path.mkdir(parents=True, exist_ok=True)
        return ReadCache(path, self.cache_bytes, self.log)

    @property
    def log_path(self) -> Path:
        """The log, which people follow while the attempt runs."""
        return storage.log_path(self.storage, self.job_id, self.number)

    @cached_property
    def _log(self) -> IO[bytes]:
        return self._closing.enter_context((self.output_dir / self.log_path.name).open("ab", buffering=0))

    def log(self, text: str) -> None:
        """One line with the time, at once on disk."""
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        # names of files may hold bytes that are no text
        self._log.write(f"{now} {text}\n".encode(errors="backslashreplace"))

    def tell(self, **progress: Any) -> None:
        """Tell how far the attempt is, for instance ``current`` of a ``total``; what was told before stays."""
        self.told |= progress
        self.hear(dict(self.told))

    def log_end(self, text: str, trace: str) -> None:
        """Log how the attempt ended, if that can still be written: the disk may be full, the storage gone."""
        with suppress(OSError, NodeError):
            self.log(text)
            if trace:
                self._log.write(trace.encode(errors="backslashreplace"))

    def input_file(self, text: str) -> Path:
        """A file that the job reads, checked again on this node; its checksum will be in the report.

        Raises: NodeBroken if it is not here though the head saw it; ToolError if it may not be read.
        """
        if not Path(text).exists():
            raise NodeBroken(
                f"{text} is not there: was it removed, or is its storage not mounted on this node?"
            )
        path = storage.checked_file(text, self.roots)
        self.checksums.add(text, path)
        return path

    def run_tool(
        self, tool: Tool, args: Sequence[str | Path], *, stdout: Path | None = None, cwd: Path | None = None
    ) -> ToolRun:
        """Run a tool; what it prints goes to the log, or its standard output to a file.

        Raises: ToolFailed, OutOfMemory, TimeLimit, DiskFull, NodeBroken.
        """
        found = tools.find(tool)
        self.versions[tool.name] = found.version
        self.tell(tool=tool.name)
        command = [str(found.path), *map(str, args)]
        self.log(f"$ {shlex.join(command)}" + (f" > {stdout}" if stdout else ""))
        before = self.log_path.stat().st_size
        with ExitStack() as stack:
            printed = stack.enter_context(stdout.open("wb")) if stdout else self._log
            run = process.run(
                tool.name,
                command,
                cwd=cwd or self.scratch_dir,
                scratch=self.scratch_dir,
                env=process.environment(self.scratch_dir, self.resources.cores, self.mark),
                stdout=printed,
                stderr=self._log,
                limits=process.Limits(self.resources.memory_bytes, self.deadline),
                record=self.usage.runs.append,
            )
        self._judge(run, before)
        return run

    @property
    def mark(self) -> str:
        """By this the processes of the attempt are found even when their worker and guard are dead."""
        return process.mark(self.state_dir, self.job_id, self.number)

    def _judge(self, run: ToolRun, log_begin: int) -> None:
        output = "" if run.exit_code == 0 else self._printed_since(log_begin)
        self.log(
            f"{run.name} ended ({run.ended_by or run.exit_code}): {run.wall_s:.1f} s, "
            f"{run.cpu_s:.1f} CPU s, {run.peak_memory_bytes / 1e6:.0f} MB"
        )
        if run.exit_code == 0 and run.ended_by is None:
            return
        places = [self.scratch_dir, self.output_dir]
        error = exit_reasons.error_of(run, output, self.resources, places)
        if error is not None:
            raise error

    def _printed_since(self, begin: int, most: int = 20_000) -> str:
        """The end of what a tool printed into the log."""
        with self.log_path.open("rb") as log:
            log.seek(max(begin, self.log_path.stat().st_size - most))
            return log.read().decode(errors="replace")
