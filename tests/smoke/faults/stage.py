"""A scene on one node: the phases of its jobs, held still until something is broken, and what can be broken."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests import ends
from tests.node_tasks import HOLD, STRIKE
from tests.pools import pool
from tests.processes import PATIENCE_S, Process, value, wait_for
from tests.smoke.faults.scene import Scene

NODE_PHASES = ("routed", "running", "between", "reporting")
_ROUTED = "SELECT count(*) FROM crobot.jobs WHERE state = 'ROUTED' AND node = :node"
_LOST = "SELECT count(*) FROM crobot.nodes WHERE name = :node AND lost_at IS NOT NULL"


@dataclass
class Stage(Scene):
    """One scenario that breaks one node."""

    victim: str = "calc01"
    #: where the victim's root lies, if it has file systems of its own
    seen_from: str = ""

    @property
    def node(self) -> Process:
        return self.site.cluster.nodes[self.victim]

    @property
    def folder(self) -> Path:
        return Path(f"{self.seen_from}{self.site.cluster.folder}/nodes/{self.victim}")

    def attempts(self) -> list[str]:
        """How the attempts of this scenario's jobs on the victim ended."""
        rows = [attempt for job_id in self.mix.wanted for attempt in ends.attempts(job_id)]
        return [attempt.outcome for attempt in rows if attempt.node == self.victim]

    # --- phases -------------------------------------------------------------------------------------------------------

    def _routed(self) -> None:
        """Messages lie in the queue of the node, which takes none."""
        self.node.kill(signal.SIGSTOP)
        self._held.append(self._wake)
        self.mix.send()
        wait_for("jobs that are routed", lambda: value(_ROUTED, node=self.victim) >= 1)

    def _between(self) -> None:
        """Attempts have a result, and have not written their report."""
        self._block()
        self.mix.send()
        wait_for("a result without report", lambda: list(self.folder.glob("waiting.*")))

    def _reporting(self) -> None:
        """Reports lie in the spool, and the broker answers nobody."""
        self._between()
        broker = self.site.broker.proxy
        broker.stall()
        self._held.append(broker.heal)
        self._unblock()
        wait_for("reports", lambda: list((self.folder / "reports").glob("*.json")))

    def _block(self) -> None:
        for left in self.folder.glob("waiting.*"):  # by a process that was killed there
            left.unlink()
        (self.folder / HOLD).touch()
        self._held.append(self._unblock)

    def _unblock(self) -> None:
        (self.folder / HOLD).unlink(missing_ok=True)

    def _wake(self) -> None:
        with suppress(ProcessLookupError):
            self.node.kill(signal.SIGCONT)

    # --- what can be broken -------------------------------------------------------------------------------------------

    @contextmanager
    def child_killed(self) -> Iterator[None]:
        """kill -9 of a process of the pool."""
        pool(self.node)[0].kill()
        yield

    def killed(self, whole_group: bool) -> Callable[[], object]:
        """kill -9 of the parent alone, or of all; a supervisor starts the node again."""

        @contextmanager
        def killed() -> Iterator[None]:
            self.node.kill(whole_group=whole_group)
            yield
            self.node.start()

        return killed

    def told(self, signum: int, whole_group: bool) -> Callable[[], object]:
        """Told to end, as by a supervisor, which then starts the node again."""

        @contextmanager
        def told() -> Iterator[None]:
            self.node.kill(signum, whole_group)
            yield
            self.node._popen.wait(PATIENCE_S)
            self.node.start()

        return told

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """SIGSTOP until the lease is over, and then SIGCONT."""
        self.node.kill(signal.SIGSTOP)
        self.site.broker.proxy.heal()  # while nobody is heard, nobody's lease is judged
        wait_for("the end of the lease", lambda: value(_LOST, node=self.victim) == 1)
        yield
        self.node.kill(signal.SIGCONT)

    def struck(self, how: str) -> Callable[[], object]:
        """The next report of a process of the pool meets an error."""

        @contextmanager
        def struck() -> Iterator[None]:
            (self.folder / STRIKE).write_text(how)
            yield
            wait_for("the strike", lambda: not (self.folder / STRIKE).exists())

        return struck
