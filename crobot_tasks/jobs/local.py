"""LocalJob: a job without a pipeline, processed at once where it is sent, or in a worker of the head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

from sqlalchemy.orm import Session

import celeryconfig
from crobot_errors import BadInput
from crobot_tasks.broker.queues import SETTLE
from crobot_tasks.celery import app
from crobot_tasks.jobs.base import Job
from db.engine import after_commit, transaction
from db.known_species import find_species

_FIELDS = ("type", "tag", "database", "user_id", "workgroup", "batch", "priority", "context")

_classes: dict[str, type[LocalJob]] = {}


class LocalJob(Job, ABC):
    """A job whose work is so small that no node is needed.

    With the setting ``crobot_use_celery``, or ``use_celery`` of the object, a worker of the head does the work, so that
    a web request need not wait for it.
    """

    #: the name under which a worker of the head finds the class
    kind: ClassVar[str]
    #: overrules the setting, for the class or for one object
    use_celery: bool | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in vars(cls):
            _classes[cls.kind] = cls

    @classmethod
    def rebuilt(cls, fields: dict[str, Any]) -> Self:
        """Build the job again from what `send_job` sent."""
        job = cls.__new__(cls)
        Job.__init__(job, **fields)
        return job

    def send_job(self) -> None:
        """Process the job here and now, or have it processed after the open transaction is committed.

        Raises:
            UnknownSpecies: there is none of this name.
        """
        with transaction() as session:
            find_species(session, self.database)
        if self.use_celery if self.use_celery is not None else celeryconfig.crobot_use_celery:
            fields = {name: getattr(self, name) for name in _FIELDS}
            after_commit(lambda: _publish(self.kind, fields))
        else:
            self._process()

    @abstractmethod
    def process_job(self, session: Session) -> None:
        """Do the work, and write what comes of it."""

    def _process(self) -> None:
        with transaction(self.database) as session:
            self.process_job(session)


def _publish(kind: str, fields: dict[str, Any]) -> None:
    process_local_job.apply_async(kwargs={"kind": kind, "fields": fields}, queue=SETTLE, ignore_result=True)


@app.task(name="crobot.local_job", ignore_result=True)
def process_local_job(kind: str, fields: dict[str, Any]) -> None:
    """Rebuild a LocalJob in a worker of the head, and process it."""
    if kind not in _classes:
        raise BadInput(f"no LocalJob is called {kind!r}; known are {', '.join(sorted(_classes)) or 'none'}")
    _classes[kind].rebuilt(fields)._process()
