"""A scenario of one shape: bring a mix of jobs to a phase, break something, let go, and see that all ends well."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field

from db.crobot import LIVE
from tests import ends
from tests.faulty import Site
from tests.installation import leave_results
from tests.processes import Process, value, wait_for
from tests.smoke.faults.mix import Mix

#: where the jobs are when something breaks
PHASES = ("idle", "routed", "running", "reporting", "sending")
#: jobs of the phase "sending"
MANY = 1000

_ROUTED = "SELECT count(*) FROM crobot.jobs WHERE state = 'ROUTED'"
_PARKED = "SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL"


@dataclass
class Scene:
    """One scenario on a running site."""

    site: Site
    mix: Mix
    #: undo what holds the jobs in their phase
    _held: list[Callable[[], object]] = field(default_factory=list)
    _sender: threading.Thread | None = None
    _sent: bool = False
    _mended: threading.Event = field(default_factory=threading.Event)

    def play(self, phase: str, fault: AbstractContextManager[object]) -> None:
        """The whole scenario: ``fault`` breaks something when it is entered, and mends it in the end."""
        getattr(self, f"_{phase}")()
        with fault:
            self.let_go()
        self._mended.set()
        self.check()

    def play_throughout(self, fault: AbstractContextManager[object]) -> None:
        """Send the mix while something is broken."""
        with fault:
            self.mix.send()
        self.check()

    def let_go(self) -> None:
        """Go on from the phase."""
        while self._held:
            with suppress(ProcessLookupError):  # the fault ended it
                self._held.pop()()

    def check(self) -> None:
        """Everything ends well, also what is sent after the fault."""
        if self._sender:
            self._sender.join(120)
            assert self._sent
        if not self.mix.wanted:
            self.mix.send()
        self.mix.check(self.site.cluster)

    # --- phases -------------------------------------------------------------------------------------------------------

    def _idle(self) -> None:
        """Nothing is under way; the mix is sent when all is over."""

    def _routed(self) -> None:
        """Messages lie in the queues of nodes that take none."""
        self._hold(list(self.site.cluster.nodes.values()))
        self.mix.send()
        wait_for("jobs that are routed", lambda: value(_ROUTED) >= 2)

    def _running(self) -> None:
        """Tools are at work."""
        first = self.mix.sleep(2)
        self.mix.send()
        wait_for("tools", lambda: self._at_work(first))
        # the tool may end before a slow head has read that it began
        wait_for("the head to know", lambda: any(one.started_at for one in ends.attempts(first[0])))

    def _at_work(self, first: Sequence[int]) -> bool:
        """Whether two tools run; where processes start so slowly that no two run at once, one does."""
        tools = len(ends.tools(self.mix.nap_s))
        return tools >= 2 or (tools == 1 and any(ends.state(job_id) not in LIVE for job_id in first))

    def _reporting(self) -> None:
        """Attempts have ended, and no head has read of it."""
        self._running()
        self._hold(self.site.cluster.heads)
        spools = [self.site.cluster.folder / "nodes" / name / "reports" for name in self.site.cluster.nodes]
        wait_for("reports", lambda: sum(len(list(spool.glob("*.json"))) for spool in spools) >= 2)

    def _sending(self) -> None:
        """A thousand jobs are being sent."""
        self._sender = threading.Thread(target=self._send_many)
        self._sender.start()
        wait_for("some to be sent", lambda: len(self.mix.wanted) > MANY // 5)

    def _send_many(self) -> None:
        self.mix.send_many(MANY)
        self._mended.wait(120)
        self.mix.send()
        leave_results()
        self._sent = True

    def _hold(self, processes: Sequence[Process]) -> None:
        for process in processes:
            process.kill(signal.SIGSTOP)
            self._held.append(lambda process=process: process.kill(signal.SIGCONT))
