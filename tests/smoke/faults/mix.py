"""The mix of jobs that every scenario sends, and what must be true of it in the end, whatever was broken meanwhile."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from celery import chain, chord, group
from celery.utils import uuid
from sqlalchemy.exc import DBAPIError

from crobot_errors import DatabaseUnreachable
from crobot_tasks.celery import app
from crobot_tasks.lifecycle.cancel import cancel
from crobot_tasks.node.spool import Spool
from tests import ends
from tests.canvas_tasks import jobs
from tests.fault_tasks import added, called, noted, refused, summed, trial
from tests.processes import Cluster, query, value, wait_for
from tests.smoke.faults import species

#: sum of what the members of a chord give
TOTAL = 10

_BEAT_GOES_ON = "SELECT heartbeats_read_at > now() - interval '5 seconds' FROM crobot.monitoring"
_LIVE = "SELECT count(*) FROM crobot.jobs WHERE finished_at IS NULL"
_OWED = "SELECT count(*) FROM crobot.settlements WHERE settled_at IS NULL"
_OPEN = "SELECT count(*) FROM crobot.attempts WHERE ended_at IS NULL"

# Jobs whose row and attempts contradict each other: numbers with gaps, an accepted attempt that is not the last or the
# only one, a job that is complete without one, an attempt without outcome.
_CONTRADICTORY = """
    SELECT j.id, j.state, j.outcome, j.attempt, array_agg(a.number || ':' || coalesce(a.outcome, '?') ORDER BY a.number)
    FROM crobot.jobs j LEFT JOIN crobot.attempts a ON a.job_id = j.id
    GROUP BY j.id
    HAVING count(a.number) <> j.attempt OR coalesce(max(a.number), 0) <> j.attempt
        OR count(*) FILTER (WHERE a.outcome = 'ok') <> CASE WHEN j.state = 'COMPLETE' THEN 1 ELSE 0 END
        OR bool_or(a.outcome = 'ok' AND a.number <> j.attempt)
        OR bool_or(a.number IS NOT NULL AND (a.outcome IS NULL OR a.ended_at IS NULL))
        OR (j.finished_at IS NULL) <> (j.state IN ('WAITING', 'ROUTED', 'RUNNING'))"""


@dataclass
class Mix:
    """What was sent, and which lines it must leave in the file ``note``."""

    note: Path
    #: by which the processes of its sleeping tools are found
    nap_s: float
    #: whether reads are really assembled, which takes seconds
    assembles: bool = False
    #: job → the state in which it must end
    wanted: dict[int, str] = field(default_factory=dict)
    #: lines of callbacks, error callbacks and chord bodies, each exactly once
    lines: set[str] = field(default_factory=set)
    #: task ids of chords' bodies → what they must give
    totals: dict[str, int] = field(default_factory=dict)

    def send(self) -> None:
        """Send one of everything, and two of some."""
        self.send_plain(6)
        self.sleep(3)
        self._failing()
        self._canvas()
        self._typing()
        if self.assembles:
            self.wanted[species.send_reads()] = "COMPLETE"

    def send_plain(self, count: int) -> None:
        """Send jobs that do nothing, each with a job as its callback."""
        for number in range(count):
            line = self._line(f"callback-{len(self.lines)}")
            sent = noted.apply_async((str(self.note), number), link=added.s(str(self.note), line))
            self._wants(sent, "COMPLETE")

    def send_called(self) -> None:
        """Send a job with a plain task as its callback."""
        line = self._line(f"called-{len(self.lines)}")
        sent = noted.apply_async((str(self.note), 0), link=called.s(str(self.note), line))
        self._wants(sent, "COMPLETE")

    def send_many(self, count: int) -> None:
        """Send jobs that do nothing, each until it is known that it is stored."""
        for number in range(count):
            self._wants(surely(noted.s(str(self.note), number)), "COMPLETE")

    def sleep(self, count: int) -> list[int]:
        """Send jobs with tools that sleep."""
        params = {"sleep_s": self.nap_s, "expected_s": 0.1, "note": str(self.note)}
        sent = [trial.apply_async(kwargs={"params": params}) for _ in range(count)]
        return [self._wants(each, "COMPLETE") for each in sent]

    def _failing(self) -> None:
        for number in range(2):
            errback = noted.si(str(self.note), number)
            self.lines.add(f"error-{number}")
            errback = added.si(1, str(self.note), f"error-{number}")
            self._wants(refused.apply_async((number,), link_error=errback), "FAILED")
        once = {"note": str(self.note), "first": {"fail": "node"}}
        self._wants(trial.apply_async(kwargs={"params": once}), "COMPLETE")
        self._wants(trial.apply_async(kwargs={"params": {"fail": "node"}}), "FAILED")
        never = trial.apply_async(kwargs={"params": {"cores": 500}})
        self._wants(never, "CANCELLED")
        cancel(never.job_id)

    def _canvas(self) -> None:
        """Send chords, one with an error, one in a chain, and a group."""
        members = [noted.s(str(self.note), number) for number in range(5)]
        self._chord(chord(members, self._body("chord")), TOTAL)
        self._chord(chain(jobs.constant.s(2), group(jobs.add.s(1), jobs.double.s()), self._body("chain")), 7)
        failing = chord([jobs.constant.s(1), refused.s(1), jobs.constant.s(2)],
                        jobs.total.s().on_error(added.si(1, str(self.note), self._line("chord-error"))))  # fmt: skip
        failing.apply_async()
        for result in group(jobs.double.s(number) for number in range(3)).apply_async():
            self._wants(result, "COMPLETE")

    def _chord(self, canvas: Any, total: int) -> None:
        self.totals[canvas.apply_async().id] = total

    def _body(self, line: str) -> Any:
        return summed.s(str(self.note), self._line(line))

    def _line(self, line: str) -> str:
        self.lines.add(line)
        return line

    def _typing(self) -> None:
        """Jobs of a species, whose counters are recounted."""
        for number in range(3):
            job = species.typing_job()
            self.wanted[job.send_job()] = "FAILED" if number == 2 else "COMPLETE"
            if number == 2:
                Path(job.assembly_filepointer).write_text("no assembly any more\n")

    def _wants(self, sent: Any, state: str) -> int:
        self.wanted[sent.job_id] = state
        return int(sent.job_id)

    # --- in the end ---------------------------------------------------------------------------------------------------

    def wait(self) -> list[Any]:
        """Wait until the jobs have ended, and return their rows."""
        return ends.ended(self.wanted)

    def check(self, cluster: Cluster) -> None:
        """Wait for the end of everything, and compare it with what was wanted."""
        rows = self.wait()
        assert {row.id: row.state for row in rows} == self.wanted
        wait_for("the callbacks, chords and error callbacks " + str(sorted(self.lines - self._left().keys())),
                 lambda: self.lines <= self._left().keys())  # fmt: skip
        nothing_live()
        left = self._left()
        assert {line for line, times in left.items() if times > 1} == set()
        for task_id, total in self.totals.items():
            assert value("SELECT result FROM crobot.jobs j JOIN crobot.settlements s ON s.job_id = j.id"
                         " WHERE s.task_id = :id", id=task_id) == total  # fmt: skip
        ends.no_tool(self.nap_s)
        nothing_stuck(cluster)

    def _left(self) -> Counter[str]:
        """How many jobs left each line; an attempt that was lost is tried again, and that is the same job."""
        return Counter(line.partition("@")[0] for line in ends.lines(self.note))


def surely(signature: Any) -> Any:
    """Send a job under one task id until the database has it: a send may fail in its commit, and be stored or not."""
    task_id = uuid()

    def sent() -> Any:
        try:
            return signature.apply_async(task_id=task_id)
        except (DatabaseUnreachable, DBAPIError):
            return None

    return wait_for("a job to be sent", sent)


def nothing_live() -> None:
    """Wait until no job lives and no result is owed."""
    for what, live in (("jobs to end", _LIVE), ("results to be settled", _OWED), ("attempts to end", _OPEN)):
        wait_for(what, lambda live=live: value(live) == 0)


def nothing_stuck(cluster: Cluster) -> None:
    """Check all that must be true of a whole system that has nothing to do."""
    nothing_live()
    wait_for("an order of beat to be read, see its log", lambda: value(_BEAT_GOES_ON))
    assert query(_CONTRADICTORY) == []
    species.check_counters()
    for name in cluster.nodes:
        with closing(Spool(cluster.folder / "nodes" / name)) as spool:
            wait_for(
                f"{name} to hold nothing", lambda spool=spool: not spool.at_work() and not spool.reported()
            )
    queues = [*(f"node.{name}" for name in cluster.nodes), "crobot.reports", "crobot.settle"]
    for queue in queues:
        wait_for(f"the queue {queue} to be empty", lambda queue=queue: app.backend.client.llen(queue) == 0)
