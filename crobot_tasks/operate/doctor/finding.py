"""What is found: how grave it is, what it is, why it matters, and the way out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from crobot_tasks.operate.troubles import Trouble


class Severity(StrEnum):
    """How grave a finding is, the gravest first."""

    #: something does not work, or may be lost
    PROBLEM = "problem"
    #: it works, and may one day not
    WARNING = "warning"
    OK = "ok"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    severity: Severity
    what: str
    #: why it matters; empty if it is well
    why: str = ""
    way_out: str = ""
    subject: str = ""

    def of(self, subject: str) -> Finding:
        """Return the same, with its subject named."""
        return replace(self, subject=subject)


def problem(what: str, why: str, way_out: str) -> Finding:
    """Something does not work, or may be lost."""
    return Finding(Severity.PROBLEM, what, why, way_out)


def warning(what: str, why: str, way_out: str) -> Finding:
    """It works, and may one day not."""
    return Finding(Severity.WARNING, what, why, way_out)


def ok(what: str) -> Finding:
    """It is as it should be."""
    return Finding(Severity.OK, what)


def of_trouble(trouble: Trouble) -> Finding:
    """Return what the start page of the operators says, as a finding."""
    severity = Severity.PROBLEM if trouble.grave else Severity.WARNING
    return Finding(severity, trouble.what, trouble.why, trouble.way_out)
