"""What every pipeline is: a name, a version, tools, what it needs, how it is checked, and how it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.attempt import Attempt
from workers.job import JobInput, Resources
from workers.tools import Tool

__all__ = ["Attempt", "JobInput", "Outcome", "Pipeline", "Resources", "Tool"]


@dataclass
class Outcome:
    """What a pipeline found: values that fit JSON, and files (name → absolute path)."""

    results: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)


class Pipeline(ABC):
    """What runs on a node under one public name; one object of each lives in the registry."""

    name: str
    #: ours; goes up whenever the same input may give another result
    version: str
    #: what a node must have to offer the pipeline
    tools: tuple[Tool, ...] = ()
    #: typical seconds from start to end
    expected_s: float

    @abstractmethod
    def resources(self, job: JobInput) -> Resources:
        """What an attempt at this job needs."""

    def expected_seconds(self, job: JobInput) -> float:
        """Typical seconds of this job; jobs that say the same share their history."""
        return self.expected_s

    def validate(self, job: JobInput, roots: Sequence[Path]) -> None:  # noqa: B027 (checking is optional)
        """Check on the head, cheaply, what was sent.

        Raises: BadInput naming the value and the way out.
        """

    @abstractmethod
    def run(self, attempt: Attempt) -> Outcome:
        """Do the work, on the node.

        Raises: AttemptError, whose kind decides whether the job is tried again.
        """

    def needs(self, job: JobInput) -> tuple[Tool, ...]:
        """The tools that this job uses."""
        return self.tools
