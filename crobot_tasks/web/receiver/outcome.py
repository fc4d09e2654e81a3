"""What an app's function gets: an outcome, and the job as an object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crobot_errors import BadInput
from crobot_tasks.jobs import CRobotJob, get_crobot_job

_KINDS = ("job", "analysis", "batch")


@dataclass(frozen=True)
class Outcome:
    """How something ended."""

    #: of this outcome, the same each time that it is delivered
    id: str
    #: job, analysis (SNP projects, too) or batch
    kind: str
    #: of a job COMPLETE, FAILED or CANCELLED; of an analysis complete or failed; of a batch over or cancelled
    state: str
    #: all that was posted
    data: Mapping[str, Any]
    #: the job as an object of its class; None of an analysis and a batch, and of arguments too large to be posted
    job: CRobotJob | None

    @property
    def number(self) -> int:
        """The number of the job, the analysis or the batch."""
        return int(self.data["id"])

    @property
    def result(self) -> Any:
        """What a job or an analysis found; None if it failed, or if it is too large: then `url` has it."""
        return self.data.get("result")

    @property
    def is_inline(self) -> bool:
        """Whether `result` is all that there is."""
        return bool(self.data.get("result_is_inline", True))

    @property
    def url(self) -> str:
        """The path at the HTTP API of CRobot; empty of a batch."""
        return str(self.data.get("url", ""))

    @property
    def message(self) -> str:
        """One line for a person, for instance why it failed."""
        return str(self.data.get("message") or "")


def outcome_of(message_id: str, body: bytes) -> Outcome:
    """Read what was posted.

    Raises:
        BadInput: it is no outcome.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadInput("the body is no JSON") from error
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise BadInput("the body has no `data`")
    kind, _, _ = str(document.get("type")).partition(".")
    if kind not in _KINDS or not isinstance(data.get("state"), str) or type(data.get("id")) is not int:
        raise BadInput(
            f"this is no outcome: its type is {document.get('type')!r:.80}; known are {', '.join(_KINDS)}"
        )
    return Outcome(message_id, kind, data["state"], data, _job(data) if kind == "job" else None)


def _job(data: dict[str, Any]) -> CRobotJob | None:
    too_large = data.get("kwargs") is None or data.get("context") is None
    return None if too_large else get_crobot_job(data)
