"""Cures for Celery 5.7's pool of processes: tasks outlive a lost broker, and processes that are told to end do so.

A process that was killed takes no job of another one with it.
"""

from __future__ import annotations

import os
from typing import Any, NoReturn

from celery.concurrency import asynpool, prefork


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
    """Goes on knowing the tasks that were written into the pipe of a process.

    When the connection to the broker is lost, Celery forgets each task that no process has acknowledged yet. A process
    that has one in its pipe begins it nevertheless: nobody can cancel it then, its end is not noticed, and as the
    process does not count as busy, the next task is written behind it, where it waits, maybe for hours.
    """

    Worker = _Worker

    def flush(self) -> None:
        """Forget what no process will begin; called when the broker was lost."""
        handed = [job for job in self._cache.values() if not job._accepted and job._write_to is not None]
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


class ProcessPool(prefork.TaskPool):
    """Celery's pool of processes, with these cures."""

    Pool = _Pool
