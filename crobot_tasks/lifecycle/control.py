"""Celery's remote control as our app has it: jobs are cancelled in the database, and workers are told of the rest."""

from __future__ import annotations

from typing import Any

from celery.app.control import TERM_SIGNAME
from celery.app.control import Control as CeleryControl
from celery.utils.functional import maybe_list


class Control(CeleryControl):
    """`app.control`, through which all of Celery's results revoke, and Flower, too."""

    def revoke(
        self,
        task_id: Any,
        destination: Any = None,
        terminate: bool = False,
        signal: Any = TERM_SIGNAME,
        **options: Any,
    ) -> Any:
        """Cancel the jobs of these task ids, wherever they are, and let workers revoke what is no live job.

        A node has no database: there, the heads are told.

        Raises:
            DatabaseUnreachable: the database does not answer.
        """
        ids = list(maybe_list(task_id) or [])
        if self.app.node is None:
            jobs = self.app.revoking.revoke(ids)
            ids = [one for one in ids if one not in jobs]
        if not ids and not options.get("reply"):
            return None
        return super().revoke(ids, destination=destination, terminate=terminate, signal=signal, **options)

    def revoke_by_stamped_headers(
        self,
        headers: Any,
        destination: Any = None,
        terminate: bool = False,
        signal: Any = TERM_SIGNAME,
        **options: Any,
    ) -> Any:
        """Cancel the jobs with one of these stamps, wherever they are, and let workers revoke other tasks with it.

        Raises:
            BadInput: a stamp cannot be kept.
            DatabaseUnreachable: the database does not answer.
        """
        if self.app.node is None:
            self.app.revoking.revoke_stamped(headers)
        return super().revoke_by_stamped_headers(
            headers, destination=destination, terminate=terminate, signal=signal, **options
        )
