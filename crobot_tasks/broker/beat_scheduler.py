"""Celery's beat, which stays silent while nobody reads what it says, and goes on when its clock is set back.

It loads neither the pipelines nor what a result store needs: of what it sends it knows the names.
"""

from __future__ import annotations

import logging
from typing import Any

from celery.apps.beat import Beat as CelerysBeat
from celery.beat import PersistentScheduler, SchedulingError
from celery.utils.functional import maybe_list

from crobot_tasks.broker.queues import MOST_UNREAD, UNREACHABLE, queue, waiting_in

log = logging.getLogger(__name__)


class Beat(CelerysBeat):
    """Loads the modules that the settings import, which may have schedules of their own, and no others."""

    def init_loader(self) -> None:
        """Load what may have something to send."""
        for module in maybe_list(self.app.conf.imports) or ():
            self.app.loader.import_task_module(module)
        self.app.finalize()


class Scheduler(PersistentScheduler):
    """Sends no more when a queue is full of messages that no head has read.

    While all heads are away for a night, it would fill the broker with orders that mean nothing when they are read. An
    expiry (Celery's ``expires``) would compare the clocks of two machines; the length of a queue needs no clock.
    """

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; after the clock was set back, nothing waits until it is again as late as it was."""
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at > entry.default_now()]
        for entry in ahead:
            entry.last_run_at = entry.default_now()
        if ahead:
            log.warning("the clock was set back: all times are counted anew")
            self._heap = None  # Celery orders what comes next by the clock
        return float(super().tick(*arguments, **options))

    def install_default_entries(self, data: Any) -> None:
        """Have Celery clean a result store that does not forget by itself."""
        if not self.app.results_expire:
            super().install_default_entries(data)

    def send_task(self, name: str, args: Any, kwargs: Any, producer: Any = None, **options: Any) -> Any:
        """Send a task that this process has not loaded: an order to the heads, or a task of somebody's own schedule."""
        if not name.startswith("crobot."):
            return self.app.send_task(name, args, kwargs, producer=producer, **options)
        into = queue(options.pop("queue", self.app.conf.task_default_queue))
        options.pop("ignore_result", None)  # nobody asks for any
        return self.app.publish_into(into, name, args=args, kwargs=kwargs, producer=producer, **options)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send a task that is due, unless its queue is full."""
        name = entry.options.get("queue") or self.app.conf.task_default_queue
        try:
            unread = waiting_in(name, self.connection.default_channel)
            if unread <= MOST_UNREAD:
                self.apply_async(entry, producer=producer, advance=False)
            else:
                log.warning("%s is not sent: no head has read %d messages in %s", entry.task, unread, name)
        except (SchedulingError, *UNREACHABLE) as error:
            log.warning("%s is not sent, the broker does not take it: %s", entry.task, error)
