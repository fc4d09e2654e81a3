"""Cures for Celery 5.7's pool of processes, none of which may cost a job that another one was doing or is to do.

Tasks outlive a lost broker, a process that was killed takes no task of another one with it, one that begins nothing is
replaced, and those that are told to end do so.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from collections import Counter
from typing import Any, NoReturn

from celery.concurrency import asynpool, prefork

log = logging.getLogger(__name__)

#: how often a pool looks for processes that begin nothing
LOOK_S = 5.0
#: a task that was written for a process and not begun is passed over so often. Looks are counted, and not seconds: a
#: node that was frozen has had no time to hear of what its processes began
LOOKS = 6


class _Worker(asynpool.Worker):
    """Ends at once.

    Celery's process says to its parent that it ends, and then sleeps for a second, in which the parent is to kill it.
    At a shutdown the parent reads no more, and so waits for that second. Without the word it need not kill either: it
    hears of the end from the kernel.
    """

    def _do_exit(self, pid: int, exitcode: int | None, exc: Any = None) -> NoReturn:
        if exitcode is None:
            exitcode = 1 if exc else 0
        try:
            if self.on_exit is not None:
                self.on_exit(pid, exitcode)
        finally:
            os._exit(exitcode)


class _Pool(asynpool.AsynPool):
    """Goes on knowing the tasks that were written into the pipe of a process, until it has begun them.

    When the connection to the broker is lost, Celery forgets each task that no process has acknowledged yet. A process
    that has one in its pipe begins it nevertheless: nobody can cancel it then, its end is not noticed, and as the
    process does not count as busy, the next task is written behind it, where it waits, maybe for hours.
    """

    Worker = _Worker

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: number of a task that was written and not begun → how often that was seen
        self._seen_waiting: Counter[int] = Counter()
        self._looked_at = time.monotonic()
        super().__init__(*args, **kwargs)

    def flush(self) -> None:
        """Forget what no process will begin; called when the broker was lost."""
        handed = self._handed()
        super().flush()
        for job in handed:
            if job._write_to._is_alive():
                self._cache[job._job] = job
                self._busy_workers.add(job._write_to.inqW_fd)

    def destroy_queues(self, queues: Any, proc: Any) -> Any:
        """Close the pipes of a process that was killed in a task, and forget by which one it answered.

        Celery keeps that in mind by the number of the file, which a pipe of the next process gets. When the connection
        to the broker is lost after that, the parent listens to all such numbers anew: it takes the tasks that it wrote
        for that process for answers, and each of them waits for ever.
        """
        if self._fileno_to_outq.get(proc.outqR_fd) is proc:
            del self._fileno_to_outq[proc.outqR_fd]
        return super().destroy_queues(queues, proc)

    def maintain_pool(self) -> None:
        """Replace processes that have ended, and now and then those that begin nothing; the loop calls it."""
        if time.monotonic() - self._looked_at >= LOOK_S:
            self._looked_at = time.monotonic()
            self._end_idle()
        super().maintain_pool()

    def _end_idle(self) -> None:
        """Kill the processes that have nothing else to do, and have not begun the task that was written for them.

        Its node would name that task in its heartbeats for ever. Celery gives it to another process now.
        """
        handed = self._handed()
        self._seen_waiting = Counter({job._job: self._seen_waiting[job._job] + 1 for job in handed})
        at_work = {job._write_to for job in self._cache.values() if job._accepted}
        for job in handed:
            process = job._write_to
            if self._seen_waiting[job._job] > LOOKS and process not in at_work and process._is_alive():
                log.error("process %d has not begun %s and is replaced", process.pid, job.correlation_id)
                os.kill(process.pid, signal.SIGKILL)

    def _handed(self) -> list[Any]:
        """Tasks that were written into the pipe of a process, which has not said that it began them."""
        return [job for job in self._cache.values() if not job._accepted and job._write_to is not None]


class ProcessPool(prefork.TaskPool):
    """Celery's pool of processes, with these cures."""

    Pool = _Pool
