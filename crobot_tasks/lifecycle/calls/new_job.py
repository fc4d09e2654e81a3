"""(a) What a send stores: the row of its job, and the result that it owes to whoever waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crobot_tasks.lifecycle.calls.call_options import Owed
from crobot_tasks.lifecycle.calls.caller import Message


@dataclass(frozen=True)
class NewJob:
    """What a send stores; the names are those of the columns of `crobot.jobs`, which say what each is."""

    owed: Owed
    pipeline: str
    type: str = ""
    tag: str = ""
    database: str | None = None
    batch: str = ""
    user_id: int = 0
    workgroup: str = ""
    priority: int = 5
    context: dict[str, Any] = field(default_factory=dict)
    unique_key: str | None = None
    cache_key: str | None = None
    #: the signature, as plain JSON
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    version: str = ""
    #: what one attempt asks for
    cores: int = 1
    memory_bytes: int = 0
    disk_bytes: int = 0
    time_limit_s: int = 0
    expected_s: float = 0.0
    data: list[str] = field(default_factory=list)
    #: what the body sees as its request
    request: dict[str, Any] = field(default_factory=dict)
    #: the trace that the call belongs to; None: none
    traceparent: str | None = None
    #: what listeners to sends are told; None if the call cannot work
    message: Message | None = None

    def columns(self) -> dict[str, Any]:
        """Return the values of both rows, the job's and the settlement's, by their columns."""
        own = {name: value for name, value in vars(self).items() if name not in ("owed", "message")}
        return own | vars(self.owed)
