"""(a) What a send stores: the row of its job, and the result that it owes to whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from crobot_tasks.lifecycle.calls.caller import Message


@dataclass(frozen=True)
class Shared:
    """What calls that are alike have in common; the names are those of the columns, which say what each is."""

    pipeline: str
    version: str = ""
    type: str = ""
    database: str | None = None
    batch: str = ""
    user_id: int = 0
    workgroup: str = ""
    priority: int = 5
    #: the trace that the call belongs to; None: none
    traceparent: str | None = None
    #: what one attempt asks for
    cores: int = 1
    memory_bytes: int = 0
    disk_bytes: int = 0
    time_limit_s: int = 0
    expected_s: float = 0.0
    #: of the result that is owed
    ignore_result: bool = False
    chord_id: str | None = None
    #: when it may begin
    eta: str | None = None
    countdown_s: float = 0.0
    expires_at: str | None = None
    expires_s: float | None = None


class Own(NamedTuple):
    """What a call has of its own, also among calls that are alike; JSON is text here, as it is stored."""

    settlement_id: str
    #: the public task id
    task_id: str
    #: the signature
    args: str = "[]"
    kwargs: str = "{}"
    #: what the body sees as its request
    request: str = "{}"
    context: str = "{}"
    data: str = "[]"
    tag: str = ""
    unique_key: str | None = None
    cache_key: str | None = None
    #: the canvas options
    options: str | None = None
    stamps: str | None = None


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a send stores."""

    shared: Shared
    own: Own
    #: what the job class keeps for the time when the result comes
    context: dict[str, Any]
    #: what listeners to sends are told; None if there is none, or the call cannot work
    message: Message | None = None

    def columns(self) -> dict[str, Any]:
        """Return the values of both rows, the job's and the settlement's, by their columns."""
        return vars(self.shared) | self.own._asdict()
