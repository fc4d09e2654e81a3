"""(d) A report, as a head knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crobot_errors import OutcomeKind
from crobot_tasks.broker.formats import AttemptKey
from crobot_tasks.lifecycle.finishing.continuation import Continuation
from crobot_tasks.lifecycle.sending.commit_sends import Checked
from crobot_tasks.lifecycle.storage.outputs import Outputs


@dataclass(frozen=True)
class ResultFile:
    """A result that a node wrote to the storage."""

    path: str
    bytes: int
    sha256: str
    #: whether the file has the continuation, too
    has_continuation: bool = False


@dataclass(frozen=True)
class Report:
    """How one attempt ended, as a node, or the head in its place, says."""

    job_id: int
    number: int
    outcome: OutcomeKind
    message: str | None = None
    #: what the task returned, or the exception as Celery's backends write it
    result: Any = None
    usage: dict[str, Any] | None = None
    output_location: str | None = None
    #: false if the attempt never ran
    begun: bool = True
    #: where in the body the exception came from
    traceback: str | None = None
    #: who says so; only the node that has the attempt is believed. None: the head
    node: str | None = None
    #: where the result is, if it came as a file
    result_file: ResultFile | None = None
    #: what the body left to be done
    continuation: Continuation = field(default_factory=Continuation)
    #: what was read of the result's files; or why nothing can be, for good
    outputs: Outputs | Exception = field(default_factory=Outputs)
    #: the jobs among what the body sent, checked before the transaction that commits them
    jobs: Sequence[Checked] = ()

    @property
    def key(self) -> AttemptKey:
        """The attempt that it is about."""
        return self.job_id, self.number
