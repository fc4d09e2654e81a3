"""A cure for Celery 5.7's pool of processes: tasks that a process has been handed survive the loss of the broker."""

from __future__ import annotations

from celery.concurrency import prefork
from celery.concurrency.asynpool import AsynPool


class _Pool(AsynPool):
    """Goes on knowing the tasks that were written into the pipe of a process.

    When the connection to the broker is lost, Celery forgets each task that no process has acknowledged yet. A process
    that has one in its pipe begins it nevertheless: nobody can cancel it then, its end is not noticed, and as the
    process does not count as busy, the next task is written behind it, where it waits, maybe for hours.
    """

    def flush(self) -> None:
        """Forget what no process will begin; called when the broker was lost."""
        handed = [job for job in self._cache.values() if not job._accepted and job._write_to is not None]
        super().flush()
        for job in handed:
            if job._write_to._is_alive():
                self._cache[job._job] = job
                self._busy_workers.add(job._write_to.inqW_fd)


class ProcessPool(prefork.TaskPool):
    """Celery's pool of processes, with this cure."""

    Pool = _Pool
