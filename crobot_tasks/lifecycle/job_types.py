"""The registry type → job class, and what the life of a job expects of a job class; imports no job class."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Protocol

from crobot_errors import BadInput
from crobot_tasks.lifecycle.calls.new_job import NewJob
from crobot_tasks.lifecycle.storage.outputs import Outputs


class JobClass(Protocol):
    """The database side of a kind of job.

    All but `read_outputs` is called inside the transaction that changes the job's state. Others wait for what that
    has locked, so nothing in it may wait for a network or a file system.
    """

    @classmethod
    def parked(cls, session: Any, jobs: Sequence[tuple[int, NewJob]]) -> None:
        """(a) These jobs of the class were just created, one or hundreds: the number of each, and what was sent."""

    @classmethod
    def from_row(cls, row: Any) -> JobClass:
        """Rebuild the job from its row in `crobot.jobs`."""

    def read_outputs(self, result: dict[str, Any]) -> Outputs:
        """(d) Read from the storage what `process_job` needs, before its transaction and outside any.

        Raises:
            OSError: it is not there, which is the head's trouble, and not the job's: the report is applied later.
        """

    def process_job(self, session: Any, result: dict[str, Any], outputs: Outputs) -> str | None:
        """(d) Write the results, and send what follows; return what a person should know, in one line."""

    def process_failure(self, session: Any, message: str) -> None:
        """(d) The job failed for good."""

    @classmethod
    def process_cancels(cls, session: Any, cancelled: Sequence[Any]) -> None:
        """(d) Nobody wants these jobs of the class any more, one or hundreds."""


#: where the job classes are: known by name only, and loaded when the first is asked for, by whatever process ends jobs
JOB_CLASSES = "crobot_tasks.jobs"

_of_kind: dict[str, type[JobClass]] = {}
_of_scheme: dict[str, type[JobClass]] = {}


def register(kind: str, cls: type[JobClass]) -> None:
    """Make ``cls`` the class of type ``kind`` and of every ``kind:<something>``."""
    _of_kind[kind] = cls


def register_schemes(pipeline: str, cls: type[JobClass]) -> None:
    """Make ``cls`` the class of the jobs of a pipeline whose type is a scheme's description, as ``SeroPred``."""
    _of_scheme[pipeline] = cls


def is_kind(name: str) -> bool:
    """Whether a class has types of this kind, so that no scheme may be described by it."""
    import_module(JOB_CLASSES)
    return name in _of_kind


def scheme_class(pipeline: str) -> type[JobClass] | None:
    """Return the class of jobs of this pipeline whose type is a scheme's description, if there is one."""
    import_module(JOB_CLASSES)
    return _of_scheme.get(pipeline)


def scheme_pipelines() -> list[str]:
    """Return the pipelines that schemes may have."""
    import_module(JOB_CLASSES)
    return sorted(_of_scheme)


def job_class(type_: str, pipeline: str = "") -> type[JobClass]:
    """Return the class of a type such as ``nomenclature:MLST_Achtman``; anything after a ``;`` is a comment.

    Schemes are added while everything runs, so a type that is a scheme's description is known by the job's pipeline.

    Raises:
        BadInput: no class processes such jobs.
    """
    import_module(JOB_CLASSES)
    kind = type_.split(";")[0].split(":")[0].strip()
    found = _of_kind.get(kind) or _of_scheme.get(pipeline)
    if found is None:
        raise BadInput(
            f"job type {type_!r}: no job class processes {kind!r}; known are {', '.join(sorted(_of_kind))}, "
            f"and schemes' descriptions with the pipelines {', '.join(sorted(_of_scheme))}"
        )
    return found
