"""AnalysisJob: an analysis of one job, whose state and result are a row of ``system.user_preferences``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, ClassVar, Self

from celery.canvas import Signature
from sqlalchemy.orm import Session

from crobot_errors import BadInput, CRobotError, ServiceError
from crobot_tasks.broker.folders import storage_root
from crobot_tasks.jobs.base import CRobotJob, digest
from crobot_tasks.jobs.file_fingerprints import stamps
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.storage.access import is_file
from crobot_tasks.lifecycle.storage.outputs import Outputs
from crobot_tasks.webhooks import analyses
from db.crobot import jobs
from db.engine import after_commit, transaction
from db.system import preferences
from workers import storage

NAME_LENGTH = 200

_kinds: list[str] = []


class AnalysisJob(CRobotJob):
    """An analysis of a user; its tag is ``type:analysis_id``, and its state lies in `db.system.preferences`.

    The row comes into being with the job, in one transaction; if the job cannot be sent, the row says so, with the
    reason. What the caller asked for is checked before, when the object is built: of a wrong request nothing is stored.

    The same question of the same user is not computed twice: it is answered by the analysis that has the result, or
    that is about to get it. ``asked`` is what the result depends on beyond version, parameters and input files.

    Raises:
        BadInput: the name cannot be.
    """

    immutable = True
    #: keys of the result, in ``data``; those of a former job go when the analysis is sent again
    result_keys: ClassVar[tuple[str, ...]] = ()
    #: the type of its jobs, and of its rows
    kind: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "kind" in vars(cls):
            _kinds.append(cls.kind)

    def __init__(
        self, *, name: str, asked: Any, parameters: dict[str, Any] | None = None, **more: Any
    ) -> None:
        super().__init__(type=self.kind, tag="", **more)
        self.context |= {
            "name": _checked_name(name or self.kind),
            "parameters": parameters or {},
            "asked": digest(self.params, stamps(self.inputs), asked),
        }

    @property
    def analysis_id(self) -> int | None:
        """The id of its row; none before it is sent."""
        return self.context.get("analysis_id")

    @property
    def analysis_dir(self) -> Path:
        """Where the head puts files for the node; of this analysis alone."""
        assert self.analysis_id is not None
        root = storage_root()
        return storage.make_dir(storage.analysis_dir(root, self.analysis_id), root)

    @property
    def unique_key(self) -> str:
        """The same question of the same user, to the same version."""
        version = self.version or self.task.version
        # jobs of older versions do not say what was asked
        asked = self.context.get("asked", self.tag)
        return "/".join((self.database, self.type, str(self.user_id), version, asked))

    @property
    def cache_key(self) -> str:
        """The same."""
        return self.unique_key

    def has_result(self, session: Session, job_id: int) -> bool:
        """Whether an analysis has the result of that very job, with all its files."""
        earlier = jobs.find(session, job_id)
        data = earlier and preferences.complete_by(session, earlier.context["analysis_id"], job_id)
        texts = [value for value in (data or {}).values() if isinstance(value, str)]
        return bool(data) and all(is_file(text) for text in texts if text.startswith("/"))

    def prepare(self, session: Session) -> None:
        """Write what the node reads, now that the analysis has an id; sets `inputs`."""

    def signature(self) -> Signature:
        """Return the Celery signature; the analysis gets its id and its row here."""
        if self.analysis_id is None:
            with transaction(self.database) as session:
                self._store(session, preferences.reserve(session))
                self.prepare(session)
        return super().signature()

    def send_job(self, *, again: bool = False) -> int:
        """Send the job, in the transaction that is open or in its own.

        Raises:
            BadInput: it cannot be sent; the analysis says so, unless the transaction was the caller's.
        """
        try:
            with transaction(self.database) as session:
                job_id = super().send_job(again=again)
                self._become_answer(session)
            return job_id
        except ServiceError:
            raise
        except CRobotError as error:
            if self.analysis_id is not None:
                with transaction(self.database) as session:
                    self._store(session, self.analysis_id)
                    preferences.not_sent(session, self.analysis_id, str(error))
            raise

    def _become_answer(self, session: Session) -> None:
        """Be the analysis whose job answers this one, or is under way; what was stored of this one goes."""
        tag = f"{self.type}:{self.analysis_id}"
        if self.tag not in ("", tag):
            own = int(self.tag.rpartition(":")[2])
            preferences.remove_unsent(session, own)
            after_commit(partial(rmtree, storage.analysis_dir(storage_root(), own), ignore_errors=True))
        self.tag = tag

    def _store(self, session: Session, analysis_id: int) -> None:
        self.context |= {"analysis_id": analysis_id}
        self.tag = f"{self.type}:{analysis_id}"
        preferences.add(
            session,
            analysis_id,
            user_id=self.user_id,
            database=self.database,
            type=self.type,
            name=self.context["name"],
            data=self.context["parameters"],
        )

    # --- the life of the job ------------------------------------------------------------------------------------------

    @classmethod
    def parked(cls, session: Session, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) This is the analysis' job now."""
        super().parked(session, jobs)
        for job_id, new in jobs:
            preferences.sent(session, new.context["analysis_id"], job_id, cls.result_keys)

    def process_job(self, session: Session, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Write the result."""
        message = super().process_job(session, result, outputs)
        found = self.results(session, result, outputs) | {"provenance": self.provenance(result)}
        preferences.completed(session, self.context["analysis_id"], self.number, found)
        analyses.ended(session, self.context["analysis_id"], self.number)
        return message

    def results(self, session: Session, result: dict[str, Any], outputs: Outputs) -> dict[str, Any]:
        """Return the result as it is kept, by `result_keys`."""
        return {name: result["results"][name] for name in self.result_keys if name in result["results"]}

    def process_failure(self, session: Session, message: str) -> None:
        """(d) Say so, with the cause."""
        super().process_failure(session, message)
        preferences.failed(session, self.context["analysis_id"], self.number, message)
        analyses.ended(session, self.context["analysis_id"], self.number)

    @classmethod
    def process_cancels(cls, session: Session, cancelled: Sequence[Self]) -> None:
        """(d) A cancelled analysis has no result, and nothing that is going to make one."""
        super().process_cancels(session, cancelled)
        for job in cancelled:
            preferences.failed(session, job.context["analysis_id"], job.number, "cancelled")
            analyses.ended(session, job.context["analysis_id"], job.number)


def _checked_name(name: str) -> str:
    stripped = name.strip()
    if not stripped or not stripped.isprintable() or len(stripped) > NAME_LENGTH:
        raise BadInput(f"{name!r} cannot name an analysis: use 1 to {NAME_LENGTH} printable characters")
    return stripped


def analysis_types() -> list[str]:
    """Return the types of all analyses."""
    return list(_kinds)
